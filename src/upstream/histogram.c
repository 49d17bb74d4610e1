/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/histogram.h"

const usec_t histogram_bounds[HISTOGRAM_BOUNDS] = {
    5000,   10000,  25000,   50000,   75000,   100000,  250000,
    500000, 750000, 1000000, 2500000, 5000000, 7500000, 10000000,
};

const char *const histogram_bounds_s[HISTOGRAM_BOUNDS] = {
    "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25",
    "0.5",   "0.75", "1",     "2.5",  "5",     "7.5", "10",
};

struct histograms *histograms_new(unsigned n)
{
    return mem_zero_aligned(n * sizeof(struct histograms));
}

struct histogram_total histograms_read(const struct histograms *all, unsigned n,
                                       enum exchange_time which)
{
    struct histogram_total t = { 0 };

    for (unsigned i = 0; i < n; i++) {
        const struct histogram *h = &all[i].of[which];

        t.sum += counter_get(&h->sum);
        for (unsigned k = 0; k < HISTOGRAM_BUCKETS; k++) t.counts[k] += counter_get(&h->buckets[k]);
    }
    for (unsigned k = 1; k < HISTOGRAM_BUCKETS; k++) t.counts[k] += t.counts[k - 1];
    return t;
}
