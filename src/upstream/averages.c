/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/averages.h"

static uint64_t up(uint64_t sum, uint64_t n)
{
    return (sum + n - 1) / n;
}

/* The sum of the last AVERAGE_OVER samples, of n before that, when `more` come with that sum. */
static uint64_t slide(uint64_t sum, uint64_t n, uint64_t more, uint64_t with)
{
    uint64_t beyond = n >= AVERAGE_OVER         ? more
                      : n + more > AVERAGE_OVER ? n + more - AVERAGE_OVER
                                                : 0;
    uint64_t less = beyond * up(sum, AVERAGE_OVER);

    if (more > AVERAGE_OVER) return with * AVERAGE_OVER / more; /* nobody handed on for long */
    return (less < sum ? sum - less : 0) + with;
}

/* Hands on what is kept, unless somebody else is doing that: then it waits for the next sample. */
static void hand_on(struct averages *a, uint32_t n)
{
    struct average_sums *all = a->shared;
    uint64_t before;

    if (atomic_exchange_explicit(&all->busy, true, memory_order_acquire)) return;
    before = counter_get(&all->n);
    for (unsigned i = 0; i < AVERAGES; i++) {
        uint64_t sum = slide(counter_get(&all->sums[i]), before, n, counter_get(&a->sums[i]));
        atomic_store_explicit(&all->sums[i], sum, memory_order_relaxed);
        atomic_store_explicit(&a->sums[i], 0, memory_order_relaxed);
    }
    counter_add(&all->n, n);
    atomic_store_explicit(&a->n, 0, memory_order_relaxed);
    atomic_store_explicit(&all->busy, false, memory_order_release);
}

void averages_add(struct averages *a, const uint32_t ms[AVERAGES])
{
    uint32_t n = atomic_load_explicit(&a->n, memory_order_relaxed) + 1;

    for (unsigned i = 0; i < AVERAGES; i++) {
        if (!ms[i]) continue;
        counter_add(&a->sums[i], ms[i]);
        if (ms[i] > atomic_load_explicit(&a->most[i], memory_order_relaxed))
            atomic_store_explicit(&a->most[i], ms[i], memory_order_relaxed);
    }
    atomic_store_explicit(&a->n, n, memory_order_relaxed);
    if (n >= AVERAGE_BATCH) hand_on(a, n);
}

static const struct averages *part(const struct averages *first, unsigned i, size_t stride)
{
    return (const void *)((const char *)first + i * stride);
}

void averages_read(const struct averages *first, unsigned n, size_t stride,
                   struct average_values *out)
{
    for (unsigned i = 0; i < AVERAGES; i++) {
        uint64_t sum = counter_get(&first->shared->sums[i]);
        uint64_t samples = counter_get(&first->shared->n);

        out->average[i] = out->most[i] = 0;
        for (unsigned k = 0; k < n; k++) {
            const struct averages *a = part(first, k, stride);
            uint32_t kept = atomic_load_explicit(&a->n, memory_order_relaxed);
            uint32_t most = atomic_load_explicit(&a->most[i], memory_order_relaxed);

            sum = slide(sum, samples, kept, counter_get(&a->sums[i]));
            samples += kept;
            if (most > out->most[i]) out->most[i] = most;
        }
        if (samples)
            out->average[i] = (uint32_t)up(sum, samples < AVERAGE_OVER ? samples : AVERAGE_OVER);
    }
}

void averages_forget(struct averages *a, bool all)
{
    struct average_sums *shared = a->shared;

    for (unsigned i = 0; i < AVERAGES; i++)
        atomic_store_explicit(&a->most[i], 0, memory_order_relaxed);
    if (!all) return;
    atomic_store_explicit(&a->n, 0, memory_order_relaxed);
    for (unsigned i = 0; i < AVERAGES; i++)
        atomic_store_explicit(&a->sums[i], 0, memory_order_relaxed);
    /* Who adds to them keeps them busy for a few stores only. */
    while (atomic_exchange_explicit(&shared->busy, true, memory_order_acquire)) {
    }
    atomic_store_explicit(&shared->n, 0, memory_order_relaxed);
    for (unsigned i = 0; i < AVERAGES; i++)
        atomic_store_explicit(&shared->sums[i], 0, memory_order_relaxed);
    atomic_store_explicit(&shared->busy, false, memory_order_release);
}
