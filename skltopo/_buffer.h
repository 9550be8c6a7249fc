// Buffer<T>: scratch memory of a kernel, for plain values. It grows and keeps its contents, like
// std::vector, but does not fill new memory, which a sweep would touch for nothing, and asks for
// huge pages where the system has them. Indices are checked when the extension is built with
// SKLTOPO_BOUNDSCHECK=1.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

template <class T>
class Buffer {
  public:
    Buffer() = default;
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() { std::free(data_); }

    std::ptrdiff_t size() const { return size_; }
    std::ptrdiff_t bytes() const { return size_ * static_cast<std::ptrdiff_t>(sizeof(T)); }
    T *data() { return data_; }

    // Make room for at least n values.
    void grow(std::ptrdiff_t n) {
        if (n <= size_) return;
        if (n < size_ + size_ / 2) n = size_ + size_ / 2;
        void *bigger = std::realloc(data_, static_cast<std::size_t>(n) * sizeof(T));
        if (bigger == nullptr) throw std::bad_alloc();
        data_ = static_cast<T *>(bigger);
        size_ = n;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
        const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(T);
        if (bytes >= (std::size_t(1) << 22)) {
            const std::size_t start = reinterpret_cast<std::size_t>(bigger);
            const std::size_t page = (start + 4095) & ~std::size_t(4095);
            madvise(reinterpret_cast<void *>(page), bytes - 4096, MADV_HUGEPAGE);
        }
#endif
    }

    // Give the memory back.
    void release() {
        std::free(data_);
        data_ = nullptr;
        size_ = 0;
    }

    T &operator[](std::ptrdiff_t i) {
#ifdef SKLTOPO_CHECKED
        if (i < 0 || i >= size_) {
            std::fprintf(stderr, "skltopo: index %td of a buffer of %td\n", i, size_);
            std::abort();
        }
#endif
        return data_[i];
    }

  private:
    T *data_ = nullptr;
    std::ptrdiff_t size_ = 0;
};
