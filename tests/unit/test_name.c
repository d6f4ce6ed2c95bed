/* SPDX-License-Identifier: Apache-2.0 */
/* Names of payees (docs/rules.md, READ-10): same, near (a person looks), different (refused). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "domain/name.h"

static const struct {
    const char *says, *a, *b;
    enum name_match match;
} rows[] = {
    {"the same bytes", "王小明", "王小明", NAME_SAME},
    {"spaces at the ends do not count", "  王小明 ", "王小明", NAME_SAME},
    {"nor does a full-width space", "王小明\u3000", "王小明", NAME_SAME},
    {"runs of spaces are one", "WANG   XIAOMING", "WANG XIAOMING", NAME_SAME},
    {"Latin letters have no case", "Wang Xiaoming", "WANG XIAOMING", NAME_SAME},
    {"nor have those with accents", "José Nuñez", "JOSÉ NUÑEZ", NAME_SAME},
    {"full-width letters are letters", "ＡＢＣ科技", "abc科技", NAME_SAME},
    {"full-width digits are digits", "第１工厂", "第1工厂", NAME_SAME},
    {"brackets of any width", "云端（北京）科技", "云端(北京)科技", NAME_SAME},
    {"brackets of any shape", "云端【北京】科技", "云端〔北京〕科技", NAME_SAME},
    {"middle dot and katakana dot", "阿卜杜拉·买买提", "阿卜杜拉・买买提", NAME_SAME},
    {"middle dot and bullet", "阿卜杜拉·买买提", "阿卜杜拉•买买提", NAME_SAME},
    {"middle dot and hyphenation point", "阿卜杜拉·买买提", "阿卜杜拉‧买买提", NAME_SAME},
    {"a longer company in brackets and width", "甲乙（上海）信息技术有限公司ＡＢ", "甲乙(上海)信息技术有限公司ab",
     NAME_SAME},

    {"one character replaced of three", "王小明", "王小名", NAME_NEAR},
    {"the first of three", "王小明", "汪小明", NAME_NEAR},
    {"one character missing", "云端科技有限公司", "云端科技有限公", NAME_NEAR},
    {"one character more", "云端科技有限公司", "云端科技有限责公司", NAME_NEAR},
    {"a middle dot left out", "阿卜杜拉·买买提", "阿卜杜拉买买提", NAME_NEAR},
    {"one Latin letter", "WANG XIAOMING", "WANG XIAOMIMG", NAME_NEAR},
    {"words in another order", "Xiaoming Wang", "WANG XIAOMING", NAME_NEAR},
    {"three words in another order", "DE LA CRUZ", "CRUZ DE LA", NAME_NEAR},
    {"traditional forms of all characters", "張偉", "张伟", NAME_NEAR},
    {"traditional forms of a company", "國際貿易發展", "国际贸易发展", NAME_NEAR},

    {"two characters, one replaced: another person", "王明", "王敏", NAME_DIFFERENT},
    {"two characters, the family name replaced", "王明", "黄明", NAME_DIFFERENT},
    {"two characters replaced", "王小明", "李大明", NAME_DIFFERENT},
    {"two characters swapped", "王小明", "王明小", NAME_DIFFERENT},
    {"two characters more", "云端科技", "云端科技公司", NAME_DIFFERENT},
    {"another word among several", "WANG XIAOMING", "WANG DAMING", NAME_DIFFERENT},
    {"a word twice is not another order", "LI LI WANG", "LI WANG WANG", NAME_DIFFERENT},
    {"a company and its branch", "云端科技有限公司", "云端科技有限公司上海分公司", NAME_DIFFERENT},
    {"a person and a company", "王小明", "云端科技有限公司", NAME_DIFFERENT},
    {"no name", "王小明", "", NAME_DIFFERENT},
    {"a family name alone", "王明", "王", NAME_DIFFERENT},
    {"bytes that are no UTF-8", "王小明", "王小\xE6\x98", NAME_DIFFERENT},
    {"an overlong encoding is not a letter", "AAA", "\xC1\x81\xC1\x81\xC1\x81", NAME_DIFFERENT},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        enum name_match there = name_compare(rows[i].a, rows[i].b), back = name_compare(rows[i].b, rows[i].a);

        if (there != rows[i].match || back != rows[i].match)
            fail_msg("%s: %d and %d, expected %d", rows[i].says, (int)there, (int)back, (int)rows[i].match);
    }
}

static void fill(char *text, const char *character, size_t count)
{
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        strcat(text, character);
}

/* Past the limit only identical bytes are the same; no buffer is overrun on the way there. */
static void test_long_names(void **state)
{
    char a[4 * NAME_CHARACTERS_MAX + 8], b[4 * NAME_CHARACTERS_MAX + 8];

    (void)state;
    fill(a, "王", NAME_CHARACTERS_MAX);
    fill(b, "王", NAME_CHARACTERS_MAX - 1);
    assert_int_equal(name_compare(a, b), NAME_NEAR);
    fill(a, "王", NAME_CHARACTERS_MAX + 1);
    fill(b, "王", NAME_CHARACTERS_MAX);
    assert_int_equal(name_compare(a, b), NAME_DIFFERENT);
    assert_int_equal(name_compare(a, a), NAME_SAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_long_names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
