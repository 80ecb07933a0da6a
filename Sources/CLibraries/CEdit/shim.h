#ifndef BATTEN_CEDIT_SHIM_H
#define BATTEN_CEDIT_SHIM_H

#include <histedit.h>
#include <locale.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

/* libedit's interface is made of variadic functions, which Swift cannot call. */

typedef char *(*batten_edit_prompt)(EditLine *);
typedef int (*batten_edit_getc)(EditLine *, wchar_t *);
typedef unsigned char (*batten_edit_function)(EditLine *, int);

/// Has characters of several bytes counted as one, also where the environment names no language.
static inline void batten_edit_set_locale(void) {
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

/// Opens an editor on the process's standard streams.
static inline EditLine *batten_edit_open(const char *program) {
    return el_init(program, stdin, stdout, stderr);
}

static inline void batten_edit_set_data(EditLine *editor, void *data) { el_set(editor, EL_CLIENTDATA, data); }

static inline void *batten_edit_data(EditLine *editor) {
    void *data = NULL;
    el_get(editor, EL_CLIENTDATA, &data);
    return data;
}

static inline void batten_edit_set_prompt(EditLine *editor, batten_edit_prompt prompt) {
    el_set(editor, EL_PROMPT, prompt);
}

static inline void batten_edit_set_getc(EditLine *editor, batten_edit_getc function) {
    el_set(editor, EL_GETCFN, function);
}

/// `emacs` or `vi`; all keys are bound anew.
static inline void batten_edit_set_keys(EditLine *editor, const char *name) { el_set(editor, EL_EDITOR, name); }

static inline void batten_edit_add(EditLine *editor, const char *name, const char *help, batten_edit_function body) {
    el_set(editor, EL_ADDFN, name, help, body);
}

static inline void batten_edit_bind(EditLine *editor, const char *key, const char *name) {
    el_set(editor, EL_BIND, key, name, NULL);
}

/// Takes the terminal over before the prompt is drawn, so that no key typed at once is the terminal's own.
static inline void batten_edit_prepare(EditLine *editor) { el_set(editor, EL_PREP_TERM, 1); }

/// Draws the prompt and the line at the cursor's place, as if nothing had been drawn.
static inline void batten_edit_redraw(EditLine *editor) { el_set(editor, EL_REFRESH, NULL); }

static inline void batten_edit_set_history(EditLine *editor, History *history_list) {
    el_set(editor, EL_HIST, history, history_list);
}

/// Makes a history of some size that takes no line twice in a row.
static inline History *batten_edit_history(int size) {
    HistEvent event;
    History *list = history_init();
    if (list == NULL) return NULL;
    history(list, &event, H_SETSIZE, size);
    history(list, &event, H_SETUNIQUE, 1);
    return list;
}

static inline void batten_edit_remember(History *list, const char *line) {
    HistEvent event;
    history(list, &event, H_ENTER, line);
}

/* Glibc declares it for programs that ask for more than ISO C. */
extern int wcwidth(wchar_t);

/// Columns of a character; negative for one that cannot be shown.
static inline int batten_edit_width(wchar_t character) { return wcwidth(character); }

static inline void batten_edit_flush(void) { fflush(stdout); }

#endif
