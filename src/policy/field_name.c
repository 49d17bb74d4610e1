/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/field_name.h"

#include "http/h1_scan.h"
#include "policy/fields.h"

bool field_name_of(struct policy_cfg *pc, const struct word *word, struct slice *out)
{
    if (!word->text.n) return cfg_error(pc->cfg, word, "a header's name can't be empty");
    for (size_t i = 0; i < word->text.n; i++) {
        struct word at;
        if (h1_is_token(word->text.p[i])) continue;
        at = word_part(pc, word, slice_of(word->text.p + i, 1));
        return cfg_error(pc->cfg, &at, "a header's name can't have this character");
    }
    *out = field_lower(pc->cfg->arena, word->text);
    return true;
}

bool words_field_name(struct cfg *cfg, struct words *w, struct slice *out)
{
    const struct word *word = words_peek(w);
    const char *name;

    return words_str(cfg, w, &name) && field_name_of(policy_of(cfg), word, out);
}
