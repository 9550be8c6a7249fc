// Loops compiled for any machine, for AVX2 and for AVX-512, the one that fits chosen when the module
// is loaded: wheels stay portable. SKLTOPO_VARIANTS(int, f, (int x), (x)) defines int f(int x) from
// an inline f_body(x).
#pragma once

#if defined(__GNUC__) && defined(__x86_64__)
#define SKLTOPO_DISPATCH 1
#define SKLTOPO_INLINE static inline __attribute__((always_inline))
#define SKLTOPO_AVX2 __attribute__((target("avx2")))
#define SKLTOPO_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#else
#define SKLTOPO_DISPATCH 0
#define SKLTOPO_INLINE static inline
#endif

static inline int instruction_level() {
#if SKLTOPO_DISPATCH
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq"))
        return 2;
    if (__builtin_cpu_supports("avx2")) return 1;
#endif
    return 0;
}

#if SKLTOPO_DISPATCH
#define SKLTOPO_VARIANTS(RESULT, NAME, PARAMETERS, ARGUMENTS)                                  \
    static RESULT NAME##_any PARAMETERS { return NAME##_body ARGUMENTS; }                       \
    SKLTOPO_AVX2 static RESULT NAME##_avx2 PARAMETERS { return NAME##_body ARGUMENTS; }         \
    SKLTOPO_AVX512 static RESULT NAME##_avx512 PARAMETERS { return NAME##_body ARGUMENTS; }     \
    static RESULT(*const NAME) PARAMETERS = instruction_level() == 2   ? NAME##_avx512          \
                                            : instruction_level() == 1 ? NAME##_avx2            \
                                                                       : NAME##_any;
#else
#define SKLTOPO_VARIANTS(RESULT, NAME, PARAMETERS, ARGUMENTS) \
    static inline RESULT NAME PARAMETERS { return NAME##_body ARGUMENTS; }
#endif
