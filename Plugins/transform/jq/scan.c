#include "scan.h"

#include <string.h>

enum { DEEPEST = 512 };

/* Words that reach beyond the program and its input, and what to write instead. */
static const struct {
    const char *word;
    const char *reason;
} refused[] = {
    {"env", "reads the engine's environment: pass the value in `arguments` and write $name"},
    {"input", "reads a further input, and there is none: the input is `.`"},
    {"inputs", "reads further inputs, and there are none: the input is `.`"},
    {"input_filename", "names the file of the input, and there is none"},
    {"input_line_number", "names the line of the input, and there is none"},
    {"import", "reads a file: write the definitions into the filter"},
    {"include", "reads a file: write the definitions into the filter"},
    {"modulemeta", "reads a file: write the definitions into the filter"},
    {"get_search_list", "looks for files: write the definitions into the filter"},
    {"debug", "writes to the engine's stderr: put the value into the result"},
    {"stderr", "writes to the engine's stderr: put the value into the result"},
    {"halt", "ends jq: use `empty`"},
    {"halt_error", "ends jq: use `error`"},
};

static int is_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int is_part(char c) {
    return is_start(c) || (c >= '0' && c <= '9');
}

int scan_is_name(const char *name, size_t length) {
    if (length == 0 || !is_start(name[0])) return 0;
    for (size_t index = 1; index < length; index++)
        if (!is_part(name[index])) return 0;
    return !(length == 3 && memcmp(name, "ENV", 3) == 0) && !(length >= 2 && memcmp(name, "__", 2) == 0);
}

static int equals(const char *word, size_t length, const char *other) {
    return strlen(other) == length && memcmp(word, other, length) == 0;
}

static int fail(struct scan_fault *fault, const char *word, size_t length, size_t line, const char *reason) {
    *fault = (struct scan_fault){.word = word, .length = length, .line = line, .reason = reason};
    return 0;
}

static size_t line_of(const char *program, size_t at) {
    size_t line = 1;
    for (size_t index = 0; index < at; index++) line += program[index] == '\n';
    return line;
}

/* Passes over the text of a string up to its end (1), an interpolation (2) or the program's end (0). */
static int skip_text(const char *program, size_t length, size_t *at) {
    while (*at < length) {
        char c = program[(*at)++];
        if (c == '"') return 1;
        if (c != '\\' || *at >= length) continue;
        if (program[(*at)++] == '(') return 2;
    }
    return 0;
}

int scan_is_blank(const char *program, size_t length) {
    int in_comment = 0;
    for (size_t at = 0; at < length; at++) {
        char c = program[at];
        if (c == '\n')
            in_comment = 0;
        else if (c == '#')
            in_comment = 1;
        else if (!in_comment && c != ' ' && c != '\t' && c != '\r')
            return 0;
    }
    return 1;
}

int scan_program(const char *program, size_t length, struct scan_fault *fault) {
    /* What is open: brackets as themselves, an interpolation as `i`. */
    char open[DEEPEST];
    size_t opened_at[DEEPEST];
    size_t depth = 0;
    /* The last token's last character, blanks and comments apart. */
    char previous = 0;
    size_t at = 0;
    while (at < length) {
        char c = program[at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            at++;
            continue;
        }
        if (c == '#') {
            while (at < length && program[at] != '\n') at++;
            continue;
        }
        int in_text = c == '"';
        if (c == '(' || c == '[' || c == '{') {
            if (depth == DEEPEST) return fail(fault, program + at, 1, line_of(program, at), "is nested too deeply");
            open[depth] = c;
            opened_at[depth++] = at;
        } else if (c == ')' || c == ']' || c == '}') {
            char expected = c == ')' ? '(' : c == ']' ? '[' : '{';
            if (depth > 0 && c == ')' && open[depth - 1] == 'i') {
                in_text = 1;
            } else if (depth == 0 || open[depth - 1] != expected) {
                return fail(fault, program + at, 1, line_of(program, at), "closes a bracket that is not open");
            }
            depth--;
        }
        if (in_text) {
            size_t start = at++;
            switch (skip_text(program, length, &at)) {
            case 0: return fail(fault, program + start, 1, line_of(program, start), "begins a string without an end");
            case 2:
                if (depth == DEEPEST) return fail(fault, program + start, 1, line_of(program, start), "is nested too deeply");
                open[depth] = 'i';
                opened_at[depth++] = at - 1;
                previous = '(';
                break;
            default: previous = '"';
            }
            continue;
        }
        if (!is_start(c)) {
            previous = c;
            at++;
            /* The digits of a number, and the letters of its exponent, are no words. */
            if (c >= '0' && c <= '9')
                while (at < length && is_part(program[at])) at++;
            continue;
        }
        size_t start = at;
        while (at < length && is_part(program[at])) at++;
        size_t size = at - start;
        const char *word = program + start;
        char before = start > 0 ? program[start - 1] : 0;
        int is_field = before == '.' && !(start > 1 && program[start - 2] == '.');
        int is_key = depth > 0 && open[depth - 1] == '{' && (previous == '{' || previous == ',');
        int is_variable = previous == '$';
        char last = previous;
        previous = 'a';
        if (is_variable) {
            if (equals(word, size, "ENV"))
                return fail(fault, word, size, line_of(program, start), refused[0].reason);
            if (equals(word, size, "__prog_args"))
                return fail(fault, word, size, line_of(program, start), "is jq's own");
            continue;
        }
        if (is_field || is_key || last == '@') continue;
        for (size_t index = 0; index < sizeof refused / sizeof *refused; index++)
            if (equals(word, size, refused[index].word))
                return fail(fault, word, size, line_of(program, start), refused[index].reason);
    }
    if (depth == 0) return 1;
    size_t place = opened_at[depth - 1];
    return fail(fault, program + place, 1, line_of(program, place), "opens a bracket that is not closed");
}
