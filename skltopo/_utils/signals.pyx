"""Ctrl-C in loops that have released the GIL, in the main thread and in threads that help it.

Python tells only the main thread of Ctrl-C. A thread that helps a call of `run` looks at the flag
of that call, which the calling thread raises when it was interrupted.
"""

from cpython.exc cimport PyErr_CheckSignals

cdef extern from *:
    """
    #include <atomic>

    struct StopFlag {
        std::atomic<bool> raised{false};
        bool get() const { return raised.load(std::memory_order_relaxed); }
        void set() { raised.store(true, std::memory_order_relaxed); }
    };

    static thread_local const StopFlag* stop_of_this_thread = nullptr;

    static const StopFlag* get_stop() { return stop_of_this_thread; }
    static void set_stop(const StopFlag* stop) { stop_of_this_thread = stop; }
    """
    cdef cppclass StopFlag:
        bint get() nogil
        void set() nogil

    const StopFlag* get_stop() noexcept nogil
    void set_stop(const StopFlag* stop) noexcept nogil


cpdef int check_signals() except -1 nogil:
    """Raise KeyboardInterrupt if Ctrl-C was pressed, or the call that this thread helps has ended.
    """
    cdef const StopFlag* stop = get_stop()
    if stop != NULL and stop.get():
        with gil:
            raise KeyboardInterrupt("the call that this thread helps has ended")
    with gil:
        PyErr_CheckSignals()
    return 0


cdef class Stop:
    """A flag that a call raises for the threads that help it."""

    cdef StopFlag flag

    def set(self):
        """Raise the flag."""
        self.flag.set()

    def run(self, task):
        """Call a task in this thread, which stops soon after the flag is raised."""
        cdef const StopFlag* outer = get_stop()
        set_stop(&self.flag)
        try:
            task()
        finally:
            set_stop(outer)
