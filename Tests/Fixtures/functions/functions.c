/* Functions of every shape that ffi.call passes, for its tests. None is declared in a header: the tests know them by
 * their names alone, as everybody knows a foreign library. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Scalars: each gives back what it is given, by its own type. */
int8_t same_i8(int8_t value) { return value; }
uint8_t same_u8(uint8_t value) { return value; }
int16_t same_i16(int16_t value) { return value; }
uint16_t same_u16(uint16_t value) { return value; }
int32_t same_i32(int32_t value) { return value; }
uint32_t same_u32(uint32_t value) { return value; }
int64_t same_i64(int64_t value) { return value; }
uint64_t same_u64(uint64_t value) { return value; }
float same_float(float value) { return value; }
double same_double(double value) { return value; }
bool not_bool(bool value) { return !value; }
char next_char(char value) { return (char)(value + 1); }

/* More arguments than there are registers, of both kinds. */
double weigh(int8_t a, double b, uint16_t c, float d, int64_t e, double f, uint8_t g, double h, int32_t i, double j,
             int64_t k, double l, int16_t m, double n, float o, double p, double q, double r) {
    return a + 2 * b + 3 * c + 4 * d + 5 * (double)e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * (double)k + 12 * l +
           13 * m + 14 * n + 15 * o + 16 * p + 17 * q + 18 * r;
}

/* Structs by value: in two float registers, one of each kind, in memory, nested, with arrays. */
struct point {
    double x, y;
};
struct mixed {
    int32_t count;
    double weight;
};
struct small {
    int8_t a;
    uint16_t b;
};
struct floats {
    float x, y, z;
};
struct large {
    int64_t first;
    double second;
    int32_t third[5];
};
struct line {
    struct point from, to;
    char name[8];
    uint8_t key[3];
};
struct person {
    const char *name;
    uint32_t age;
};

struct point mirror(struct point value) { return (struct point){value.y, value.x}; }
struct mixed grow(struct mixed value, int32_t by) { return (struct mixed){value.count + by, value.weight * by}; }
struct small swap_small(struct small value) { return (struct small){(int8_t)value.b, (uint16_t)value.a}; }
struct floats scale(struct floats value, float by) {
    return (struct floats){value.x * by, value.y * by, value.z * by};
}
struct large reversed(struct large value) {
    struct large result = {(int64_t)value.second, (double)value.first, {0}};
    for (int index = 0; index < 5; index++) result.third[index] = value.third[4 - index];
    return result;
}
struct line backwards(struct line value) {
    struct line result = {value.to, value.from, "", {value.key[2], value.key[1], value.key[0]}};
    for (size_t index = 0; index < sizeof value.name; index++) {
        char letter = value.name[index];
        result.name[index] = (char)(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
    }
    return result;
}
size_t name_length(struct person value) { return value.name ? strlen(value.name) + value.age : value.age; }
struct person older(struct person value) { return (struct person){value.name, value.age + 1}; }

/* Pointers. */
int split(double value, int64_t *whole, double *rest) {
    *whole = (int64_t)value;
    *rest = value - (double)*whole;
    return value < 0;
}
void twice(int32_t *value) { *value *= 2; }
void move_point(struct point *value, const struct point *by) {
    value->x += by->x;
    value->y += by->y;
}
int is_null(const void *pointer) { return pointer == NULL; }
int64_t sum(const int32_t *values, size_t count) {
    int64_t total = 0;
    for (size_t index = 0; index < count; index++) total += values[index];
    return total;
}
void squares(uint16_t count, double *values) {
    for (uint16_t index = 0; index < count; index++) values[index] = (double)index * index;
}
int32_t keep_positive(int32_t *values, int32_t count) {
    int32_t kept = 0;
    for (int32_t index = 0; index < count; index++)
        if (values[index] > 0) values[kept++] = values[index];
    return kept;
}
size_t join(const char *const *texts, size_t count, char *out, size_t room) {
    size_t length = 0;
    for (size_t index = 0; index < count && length + 1 < room; index++)
        length += (size_t)snprintf(out + length, room - length, "%s;", texts[index] ? texts[index] : "-");
    return length;
}
int fill(unsigned char *bytes, size_t *length) {
    if (*length < 4) {
        *length = 4;
        return -1;
    }
    memcpy(bytes, "\x00\xff\x7f\x80", 4);
    *length = 4;
    return 0;
}
void overrun(char *bytes) { memset(bytes, 'x', 20); }
void shout(char *text) {
    for (; *text; text++)
        if (*text >= 'a' && *text <= 'z') *text = (char)(*text - 32);
}

/* Text. */
const char *no_text(void) { return NULL; }
const char *odd_text(void) { return "a\xff\xc3\xa4"; }
char *repeat(const char *text, uint32_t times) {
    size_t length = strlen(text);
    char *result = malloc(length * times + 1);
    if (!result) return NULL;
    for (uint32_t index = 0; index < times; index++) memcpy(result + index * length, text, length);
    result[length * times] = 0;
    return result;
}
static int32_t released;
void release(char *text) {
    released++;
    free(text);
}
int32_t release_count(void) { return released; }
int describe(char **text) {
    *text = repeat("ab", 3);
    return 0;
}

/* Variable arguments. */
double total(const char *kinds, ...) {
    double result = 0;
    va_list arguments;
    va_start(arguments, kinds);
    for (; *kinds; kinds++) {
        if (*kinds == 'i') result += va_arg(arguments, int);
        if (*kinds == 'l') result += (double)va_arg(arguments, int64_t);
        if (*kinds == 'd') result += va_arg(arguments, double);
        if (*kinds == 's') result += (double)strlen(va_arg(arguments, const char *));
    }
    va_end(arguments);
    return result;
}

/* State, errno, failure. */
struct counter {
    int32_t value;
};
struct counter *counter_new(int32_t start) {
    struct counter *counter = malloc(sizeof *counter);
    if (counter) counter->value = start;
    return counter;
}
int32_t counter_add(struct counter *counter, int32_t by) { return counter->value += by; }
void counter_free(struct counter *counter) { free(counter); }
int fail_with(int error) {
    errno = error;
    return -1;
}
int read_errno(void) { return errno; }
void crash(void) { *(volatile int *)8 = 1; }
int a_variable = 7;
