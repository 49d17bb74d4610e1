/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/timer.h"

enum { SLOT_BITS = 6, TOP = TIMER_LEVELS - 1 };

/* The number of a time's slot in ring `level`, counted since time 0. Its low SLOT_BITS are the
 * index in the ring. A member's slot is always 1 to 63 slots ahead of now's, so the index names
 * the slot without doubt, and the slot of now itself is empty. */
static uint64_t slot_number(msec_t at, unsigned level)
{
    return at >> (SLOT_BITS * level);
}

static msec_t slot_start(uint64_t number, unsigned level)
{
    return number << (SLOT_BITS * level);
}

void timers_init(struct timers *w, msec_t now)
{
    w->now = now;
    list_init(&w->due);
    for (unsigned l = 0; l < TIMER_LEVELS; l++) {
        w->filled[l] = 0;
        for (unsigned s = 0; s < TIMER_SLOTS; s++) list_init(&w->slots[l][s]);
    }
}

/* Puts a timer that is off the wheel on it. */
static void file(struct timers *w, struct timer *t)
{
    unsigned l = 0;
    uint64_t number;

    if (t->at <= w->now) {
        t->filed = 1; /* no deadline is before it: until it is looked at, setting is a store */
        list_append(&w->due, &t->link);
        return;
    }
    while (l < TOP && slot_number(t->at, l) - slot_number(w->now, l) >= TIMER_SLOTS) l++;
    number = slot_number(t->at, l);
    if (number - slot_number(w->now, l) >= TIMER_SLOTS)
        number = slot_number(w->now, l) + TIMER_SLOTS - 1;
    t->filed = slot_start(number, l);
    w->filled[l] |= 1ULL << (number % TIMER_SLOTS);
    list_append(&w->slots[l][number % TIMER_SLOTS], &t->link);
}

void timers_unfile(struct timers *w, struct timer *t)
{
    struct list *next = t->link.next;
    uintptr_t at = (uintptr_t)next, first = (uintptr_t)w->slots;

    /* The last member of a slot: what is left is the slot's head, and the slot need not come up.
     * The head may also be that of `due`, or timers_run's own. */
    if (next == t->link.prev && at >= first && at < first + sizeof w->slots) {
        size_t slot = (at - first) / sizeof(struct list);
        w->filled[slot / TIMER_SLOTS] &= ~(1ULL << (slot % TIMER_SLOTS));
    }
    list_remove(&t->link);
    t->filed = TIMER_NEVER;
}

void timers_refile(struct timers *w, struct timer *t)
{
    if (t->filed != TIMER_NEVER) timers_unfile(w, t);
    if (timer_is_set(t)) file(w, t);
}

/* The ring's slots as seen from now: bit 0 is the one after now's. */
static uint64_t ahead(const struct timers *w, unsigned level)
{
    unsigned by = (slot_number(w->now, level) + 1) % TIMER_SLOTS;
    uint64_t bits = w->filled[level];

    return bits >> by | bits << (-by % TIMER_SLOTS);
}

msec_t timers_next(const struct timers *w, msec_t now)
{
    msec_t first = TIMER_NEVER;

    if (!list_empty(&w->due)) return 0;
    for (unsigned l = 0; l < TIMER_LEVELS; l++) {
        uint64_t bits = ahead(w, l);
        msec_t start;

        if (!bits) continue;
        start = slot_start(slot_number(w->now, l) + 1 + (unsigned)__builtin_ctzll(bits), l);
        if (start < first) first = start;
    }
    if (first == TIMER_NEVER) return TIMER_NEVER;
    return first > now ? first - now : 0;
}

/* Moves the members of all slots that begin at or before `now` to the due list, without looking at
 * them: at most 63 lists a ring, however far the clock went. */
static void take_slots(struct timers *w, msec_t now)
{
    for (unsigned l = 0; l < TIMER_LEVELS; l++) {
        uint64_t from = slot_number(w->now, l);
        uint64_t passed = slot_number(now, l) - from;
        uint64_t bits;

        if (passed == 0) break; /* nor has a wider slot begun */
        bits = ahead(w, l);
        if (passed < TIMER_SLOTS) bits &= (1ULL << passed) - 1;
        for (; bits; bits &= bits - 1) {
            unsigned slot = (from + 1 + (unsigned)__builtin_ctzll(bits)) % TIMER_SLOTS;
            w->filled[l] &= ~(1ULL << slot);
            list_splice(&w->due, &w->slots[l][slot]);
        }
    }
    w->now = now;
}

unsigned timers_run(struct timers *w, msec_t now)
{
    struct list batch, *link;
    unsigned fired = 0;

    if (now > w->now) take_slots(w, now);
    if (list_empty(&w->due)) return 0;

    /* What a handler sets to a time that has passed waits for the next call, in w->due. */
    list_init(&batch);
    list_splice(&batch, &w->due);
    for (unsigned i = 0; i < TIMERS_PER_RUN && (link = list_pop(&batch)); i++) {
        struct timer *t = list_entry(link, struct timer, link);

        t->filed = TIMER_NEVER;
        if (t->at > w->now) {
            timers_refile(w, t);
            continue;
        }
        t->at = 0;
        fired++;
        t->fire(t); /* t may be gone now */
    }
    list_splice(&batch, &w->due);
    list_splice(&w->due, &batch);
    return fired;
}
