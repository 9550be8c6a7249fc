// Buffer<T>: scratch memory of a kernel, for plain values. It grows and keeps its contents, like
// std::vector, but does not fill new memory, which a sweep would touch for nothing, and asks for
// huge pages where the system has them. Indices are checked when the extension is built with
// SKLTOPO_BOUNDSCHECK=1.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#define SKLTOPO_MAPPED 1
#endif

template <class T>
class Buffer {
  public:
    Buffer() = default;
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() { release(); }

    std::ptrdiff_t size() const { return size_; }
    std::ptrdiff_t bytes() const { return size_ * static_cast<std::ptrdiff_t>(sizeof(T)); }
    T *data() { return data_; }

    // Make room for at least n values.
    void grow(std::ptrdiff_t n) {
        if (n <= size_) return;
        if (n < size_ + size_ / 2) n = size_ + size_ / 2;
        const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(T);
#ifdef SKLTOPO_MAPPED
        if (bytes >= mapped_from_)
            map(bytes);
        else
#endif
            reallocate(bytes);
        size_ = n;
    }

    // Map memory from this many bytes on, where that is possible. By default from 4 MB: a heap gives
    // the same block to the next call without asking the system, but keeps holes between blocks.
    void map_from(std::size_t bytes) { mapped_from_ = bytes; }

    // Give the memory back.
    void release() {
#ifdef SKLTOPO_MAPPED
        if (mapped_ > 0) munmap(data_, mapped_);
        if (mapped_ == 0)
#endif
            std::free(data_);
        mapped_ = 0;
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
    std::size_t mapped_ = 0;  // bytes from the system, 0 if from the heap
    std::size_t mapped_from_ = std::size_t(1) << 22;

    void reallocate(std::size_t bytes) {
        void *bigger = std::realloc(data_, bytes);
        if (bigger == nullptr) throw std::bad_alloc();
        data_ = static_cast<T *>(bigger);
    }

#ifdef SKLTOPO_MAPPED
    // Pages of our own: they grow without a copy, and go back when released.
    void map(std::size_t bytes) {
        const std::size_t size = (bytes + 4095) & ~std::size_t(4095);
        void *bigger = mapped_ > 0 ? mremap(data_, mapped_, size, MREMAP_MAYMOVE)
                                   : mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (bigger == MAP_FAILED) throw std::bad_alloc();
        if (mapped_ == 0 && data_ != nullptr) {
            std::memcpy(bigger, data_, static_cast<std::size_t>(this->bytes()));
            std::free(data_);
        }
        data_ = static_cast<T *>(bigger);
        mapped_ = size;
#ifdef MADV_HUGEPAGE
        madvise(bigger, size, MADV_HUGEPAGE);
#endif
    }
#endif
};
