/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/name.h"

#include <string.h>
#include <uchar.h>

#define WORDS_MAX 32

/* A name as characters, folded. */
struct folded {
    char32_t characters[NAME_CHARACTERS_MAX];
    size_t count;
};

struct span {
    const char32_t *start;
    size_t count;
};

/* Traditional forms that stand in names of people, places and companies, and their simplified twins. Not a dictionary:
 * a form that is missing here compares as a different character, and that refuses or asks a person; it never lets pass.
 */
/* clang-format off */
static const char32_t forms[][2] = {
    {U'張', U'张'}, {U'陳', U'陈'}, {U'劉', U'刘'}, {U'楊', U'杨'}, {U'黃', U'黄'}, {U'趙', U'赵'}, {U'吳', U'吴'},
    {U'孫', U'孙'}, {U'馬', U'马'}, {U'羅', U'罗'}, {U'鄭', U'郑'}, {U'謝', U'谢'}, {U'韓', U'韩'}, {U'馮', U'冯'},
    {U'許', U'许'}, {U'鄧', U'邓'}, {U'蕭', U'萧'}, {U'葉', U'叶'}, {U'蘇', U'苏'}, {U'盧', U'卢'}, {U'蔣', U'蒋'},
    {U'賈', U'贾'}, {U'閻', U'阎'}, {U'鍾', U'钟'}, {U'鐘', U'钟'}, {U'陸', U'陆'}, {U'譚', U'谭'}, {U'範', U'范'},
    {U'鄒', U'邹'}, {U'賴', U'赖'}, {U'龍', U'龙'}, {U'萬', U'万'}, {U'錢', U'钱'}, {U'湯', U'汤'}, {U'喬', U'乔'},
    {U'龔', U'龚'}, {U'嚴', U'严'}, {U'聶', U'聂'}, {U'齊', U'齐'}, {U'顧', U'顾'}, {U'畢', U'毕'}, {U'關', U'关'},
    {U'歐', U'欧'}, {U'陽', U'阳'}, {U'華', U'华'}, {U'偉', U'伟'}, {U'強', U'强'}, {U'國', U'国'}, {U'軍', U'军'},
    {U'傑', U'杰'}, {U'麗', U'丽'}, {U'紅', U'红'}, {U'鳳', U'凤'}, {U'蘭', U'兰'}, {U'蓮', U'莲'}, {U'雲', U'云'},
    {U'飛', U'飞'}, {U'鵬', U'鹏'}, {U'輝', U'辉'}, {U'衛', U'卫'}, {U'東', U'东'}, {U'慶', U'庆'}, {U'義', U'义'},
    {U'禮', U'礼'}, {U'賢', U'贤'}, {U'貴', U'贵'}, {U'寶', U'宝'}, {U'銀', U'银'}, {U'鋼', U'钢'}, {U'鐵', U'铁'},
    {U'鋒', U'锋'}, {U'銳', U'锐'}, {U'錦', U'锦'}, {U'繼', U'继'}, {U'紹', U'绍'}, {U'維', U'维'}, {U'緯', U'纬'},
    {U'綱', U'纲'}, {U'純', U'纯'}, {U'紀', U'纪'}, {U'緒', U'绪'}, {U'縣', U'县'}, {U'愛', U'爱'}, {U'樂', U'乐'},
    {U'夢', U'梦'}, {U'學', U'学'}, {U'興', U'兴'}, {U'榮', U'荣'}, {U'發', U'发'}, {U'達', U'达'}, {U'遠', U'远'},
    {U'運', U'运'}, {U'進', U'进'}, {U'連', U'连'}, {U'選', U'选'}, {U'瑩', U'莹'}, {U'瓊', U'琼'}, {U'瑋', U'玮'},
    {U'潔', U'洁'}, {U'濤', U'涛'}, {U'澤', U'泽'}, {U'淵', U'渊'}, {U'濱', U'滨'}, {U'漢', U'汉'}, {U'灣', U'湾'},
    {U'島', U'岛'}, {U'嶺', U'岭'}, {U'嵐', U'岚'}, {U'廣', U'广'}, {U'廈', U'厦'}, {U'門', U'门'}, {U'開', U'开'},
    {U'閩', U'闽'}, {U'際', U'际'}, {U'雙', U'双'}, {U'電', U'电'}, {U'話', U'话'}, {U'訊', U'讯'}, {U'設', U'设'},
    {U'計', U'计'}, {U'詢', U'询'}, {U'誠', U'诚'}, {U'諮', U'咨'}, {U'證', U'证'}, {U'貿', U'贸'}, {U'資', U'资'},
    {U'貨', U'货'}, {U'財', U'财'}, {U'責', U'责'}, {U'費', U'费'}, {U'車', U'车'}, {U'輪', U'轮'}, {U'農', U'农'},
    {U'業', U'业'}, {U'團', U'团'}, {U'總', U'总'}, {U'網', U'网'}, {U'絡', U'络'}, {U'線', U'线'}, {U'經', U'经'},
    {U'織', U'织'}, {U'紡', U'纺'}, {U'術', U'术'}, {U'機', U'机'}, {U'構', U'构'}, {U'標', U'标'}, {U'樣', U'样'},
    {U'實', U'实'}, {U'驗', U'验'}, {U'醫', U'医'}, {U'藥', U'药'}, {U'營', U'营'}, {U'銷', U'销'}, {U'製', U'制'},
    {U'產', U'产'}, {U'廠', U'厂'}, {U'場', U'场'}, {U'園', U'园'}, {U'區', U'区'}, {U'鎮', U'镇'}, {U'鄉', U'乡'},
    {U'號', U'号'}, {U'處', U'处'}, {U'務', U'务'}, {U'員', U'员'}, {U'會', U'会'}, {U'個', U'个'}, {U'來', U'来'},
    {U'倫', U'伦'}, {U'儀', U'仪'}, {U'億', U'亿'}, {U'優', U'优'}, {U'傳', U'传'}, {U'體', U'体'}, {U'創', U'创'},
    {U'劍', U'剑'}, {U'動', U'动'}, {U'勝', U'胜'}, {U'協', U'协'}, {U'單', U'单'}, {U'後', U'后'}, {U'從', U'从'},
    {U'恆', U'恒'}, {U'應', U'应'}, {U'戰', U'战'}, {U'據', U'据'}, {U'數', U'数'}, {U'時', U'时'}, {U'曉', U'晓'},
    {U'書', U'书'}, {U'橋', U'桥'}, {U'歲', U'岁'}, {U'氣', U'气'}, {U'無', U'无'}, {U'煒', U'炜'}, {U'燦', U'灿'},
    {U'獅', U'狮'}, {U'環', U'环'}, {U'現', U'现'}, {U'節', U'节'}, {U'種', U'种'}, {U'穎', U'颖'}, {U'競', U'竞'},
    {U'聖', U'圣'}, {U'聯', U'联'}, {U'聰', U'聪'}, {U'臺', U'台'}, {U'蔭', U'荫'}, {U'裝', U'装'}, {U'視', U'视'},
    {U'訂', U'订'}, {U'頤', U'颐'}, {U'順', U'顺'}, {U'領', U'领'}, {U'題', U'题'}, {U'風', U'风'}, {U'飯', U'饭'},
    {U'館', U'馆'}, {U'駿', U'骏'}, {U'驥', U'骥'}, {U'魚', U'鱼'}, {U'鴻', U'鸿'}, {U'鵑', U'鹃'}, {U'鶴', U'鹤'},
    {U'麥', U'麦'}, {U'齡', U'龄'}, {U'龐', U'庞'}, {U'龜', U'龟'},
};
/* clang-format on */

/* One character; 0 on the end of the text and on anything that is not UTF-8. */
static char32_t utf8_next(const char **text)
{
    const unsigned char *bytes = (const unsigned char *)*text;
    static const char32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    size_t more = bytes[0] < 0x80 ? 0 : (bytes[0] & 0xE0) == 0xC0 ? 1 : (bytes[0] & 0xF0) == 0xE0 ? 2 : 3;
    char32_t character = bytes[0];

    if (more == 3 && (bytes[0] & 0xF8) != 0xF0)
        return 0;
    if (more > 0)
        character &= 0x3Fu >> more;
    for (size_t i = 1; i <= more; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        character = character << 6 | (bytes[i] & 0x3Fu);
    }
    if (character < smallest[more] || character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF))
        return 0;
    *text += more + 1;
    return character;
}

static bool is_one_of(char32_t character, const char32_t *set)
{
    for (; *set != 0; set++)
        if (*set == character)
            return true;
    return false;
}

static char32_t fold(char32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E) /* full width */
        c -= 0xFEE0;
    if (is_one_of(c, U"\t\n\r\u00A0\u3000"))
        return ' ';
    if (is_one_of(c, U"[{〔【〖〈《"))
        return '(';
    if (is_one_of(c, U"]}〕】〗〉》"))
        return ')';
    if (is_one_of(c, U"·・•‧･∙⋅⸱\u0387"))
        return U'·';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 'A';
    if (c >= 0xE0 && c <= 0xFE && c != 0xF7) /* à … þ; ÷ is no letter */
        return c - 0x20;
    return c;
}

/* False: too long or not UTF-8. */
static bool folded_make(const char *text, struct folded *ret)
{
    ret->count = 0;
    while (*text != '\0') {
        char32_t character = utf8_next(&text);

        if (character == 0)
            return false;
        character = fold(character);
        if (character == ' ' && (ret->count == 0 || ret->characters[ret->count - 1] == ' '))
            continue;
        if (ret->count == NAME_CHARACTERS_MAX)
            return false;
        ret->characters[ret->count++] = character;
    }
    if (ret->count > 0 && ret->characters[ret->count - 1] == ' ')
        ret->count--;
    return true;
}

static bool span_same(struct span a, struct span b)
{
    return a.count == b.count && memcmp(a.start, b.start, a.count * sizeof(*a.start)) == 0;
}

/* Insert, delete or replace one: what is left after the common beginning and the common end is one character at most.
 */
static bool one_character_differs(const struct folded *a, const struct folded *b)
{
    const struct folded *longer = a->count >= b->count ? a : b, *shorter = longer == a ? b : a;
    size_t head = 0, tail = 0;

    if (longer->count < 3 || longer->count - shorter->count > 1)
        return false;
    while (head < shorter->count && a->characters[head] == b->characters[head])
        head++;
    while (head + tail < shorter->count && a->characters[a->count - 1 - tail] == b->characters[b->count - 1 - tail])
        tail++;
    return longer->count - head - tail <= 1;
}

static size_t words_of(const struct folded *name, struct span words[WORDS_MAX])
{
    size_t count = 0, start = 0;

    for (size_t i = 0; i <= name->count; i++) {
        if (i < name->count && name->characters[i] != ' ')
            continue;
        if (count == WORDS_MAX)
            return 0;
        words[count++] = (struct span){name->characters + start, i - start};
        start = i + 1;
    }
    return count;
}

static bool words_reordered(const struct folded *a, const struct folded *b)
{
    struct span x[WORDS_MAX], y[WORDS_MAX];
    size_t count = words_of(a, x);
    bool used[WORDS_MAX] = {false};

    if (count < 2 || words_of(b, y) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;

        while (j < count && (used[j] || !span_same(x[i], y[j])))
            j++;
        if (j == count)
            return false;
        used[j] = true;
    }
    return true;
}

static char32_t simplified(char32_t character)
{
    for (size_t i = 0; i < ARRAY_COUNT(forms); i++)
        if (forms[i][0] == character)
            return forms[i][1];
    return character;
}

static bool same_but_for_forms(const struct folded *a, const struct folded *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (simplified(a->characters[i]) != simplified(b->characters[i]))
            return false;
    return a->count == b->count;
}

enum name_match name_compare(const char *a, const char *b)
{
    struct folded x, y;

    if (strcmp(a, b) == 0)
        return NAME_SAME;
    if (!folded_make(a, &x) || !folded_make(b, &y))
        return NAME_DIFFERENT;
    if (span_same((struct span){x.characters, x.count}, (struct span){y.characters, y.count}))
        return NAME_SAME;
    if (one_character_differs(&x, &y) || words_reordered(&x, &y) || same_but_for_forms(&x, &y))
        return NAME_NEAR;
    return NAME_DIFFERENT;
}
