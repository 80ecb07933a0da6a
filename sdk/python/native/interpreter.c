/* The interpreter of a process, and the modules that are part of the plugin. */
#include "border.h"

#include <dlfcn.h>
#include <signal.h>
#include <string.h>

static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
static int is_started;
static PyObject *life_module;

/* Extension modules of the library refer to the interpreter's symbols without naming its file; the host loads plugins
   so that others do not see what they need. */
static int publish_interpreter(batten_buffer *why) {
    Dl_info info;
    if (dladdr((void *)&Py_InitializeFromConfig, &info) && info.dli_fname
        && dlopen(info.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD))
        return 1;
    batten_say(why, "the library of Python cannot be made visible to its modules: link the plugin with a shared one");
    return 0;
}

static PyStatus configure(PyConfig *config) {
    PyStatus status;
    wchar_t *text;
    /* Signals, streams and environment belong to the host. */
    config->install_signal_handlers = 0;
    config->parse_argv = 0;
    config->site_import = 0;
    config->write_bytecode = 0;
    config->pathconfig_warnings = 0;
    status = PyConfig_SetBytesString(config, &config->program_name, "batten-plugin");
    if (PyStatus_Exception(status)) return status;
    status = PyConfig_SetBytesString(config, &config->home, python_home);
    if (PyStatus_Exception(status)) return status;
    config->module_search_paths_set = 1;
    for (const char *const *folder = python_path; *folder; folder++) {
        text = Py_DecodeLocale(*folder, NULL);
        if (!text) return PyStatus_NoMemory();
        status = PyWideStringList_Append(&config->module_search_paths, text);
        PyMem_RawFree(text);
        if (PyStatus_Exception(status)) return status;
    }
    return Py_InitializeFromConfig(config);
}

int start_interpreter(batten_buffer *why) {
    PyPreConfig before;
    PyConfig config;
    PyStatus status;
    pthread_mutex_lock(&once);
    if (is_started) {
        pthread_mutex_unlock(&once);
        return 1;
    }
    if (Py_IsInitialized()) {
        pthread_mutex_unlock(&once);
        batten_say(why, "Python runs in this process already: a plugin in Python needs a process of its own, so leave "
                        "its isolation as it is");
        return 0;
    }
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    status = Py_PreInitialize(&before);
    if (!PyStatus_Exception(status) && PyImport_AppendInittab("_batten", make_services_module) != 0)
        status = PyStatus_NoMemory();
    if (!PyStatus_Exception(status)) {
        PyConfig_InitIsolatedConfig(&config);
        status = configure(&config);
        PyConfig_Clear(&config);
    }
    if (PyStatus_Exception(status)) {
        char text[512];
        snprintf(text, sizeof text, "Python does not start: %s. Its library was in %s when the plugin was built",
                 status.err_msg ? status.err_msg : "no reason given", python_home);
        batten_say(why, text);
    } else {
        is_started = 1;
        /* From here on every thread takes the lock when it needs it. */
        PyEval_SaveThread();
    }
    int done = is_started && publish_interpreter(why);
    pthread_mutex_unlock(&once);
    return done;
}

/* The modules by name: (file, source, is_package). */
static PyObject *list_modules(void) {
    PyObject *modules = PyDict_New();
    for (size_t i = 0; modules && i < python_module_count; i++) {
        const python_module *module = &python_modules[i];
        PyObject *entry = Py_BuildValue("(sy#i)", module->file, (const char *)module->source,
                                        (Py_ssize_t)module->length, module->is_package);
        if (!entry || PyDict_SetItemString(modules, module->name, entry) != 0) Py_CLEAR(modules);
        Py_XDECREF(entry);
    }
    return modules;
}

/* Runs the first module, which can import the others. */
PyObject *import_plugin(void) {
    PyObject *modules, *globals = NULL, *code = NULL, *done = NULL;
    struct sigaction interrupt;
    char *source;
    if (life_module) return life_module;
    /* The module `signal`, which asyncio imports, takes SIGINT whatever it was told. It is the host's. */
    sigaction(SIGINT, NULL, &interrupt);
    modules = list_modules();
    if (!modules) return NULL;
    source = PyMem_Malloc(python_modules[0].length + 1);
    if (source) {
        memcpy(source, python_modules[0].source, python_modules[0].length);
        source[python_modules[0].length] = 0;
        code = Py_CompileString(source, python_modules[0].file, Py_file_input);
        PyMem_Free(source);
    } else {
        PyErr_NoMemory();
    }
    if (code) globals = Py_BuildValue("{sOsOss}", "__builtins__", PyEval_GetBuiltins(), "modules", modules, "main",
                                      python_main);
    if (globals) done = PyEval_EvalCode(code, globals, globals);
    if (done) {
        life_module = PyDict_GetItemString(globals, "life");
        if (life_module) Py_INCREF(life_module);
        else PyErr_SetString(PyExc_RuntimeError, "the first module did not import the SDK");
    }
    Py_XDECREF(done);
    Py_XDECREF(globals);
    Py_XDECREF(code);
    Py_DECREF(modules);
    sigaction(SIGINT, &interrupt, NULL);
    return life_module;
}

/* One line: what was raised and where. */
static PyObject *summary(PyObject *type, PyObject *value, PyObject *trace) {
    PyObject *module = PyImport_ImportModule("traceback"), *lines = NULL, *frames = NULL, *last = NULL, *text = NULL;
    PyObject *file = NULL, *line = NULL, *said = NULL;
    if (module) lines = PyObject_CallMethod(module, "format_exception_only", "OO", type, value);
    if (lines && PyList_Check(lines) && PyList_Size(lines) > 0)
        said = PyObject_CallMethod(PyList_GetItem(lines, PyList_Size(lines) - 1), "strip", NULL);
    if (said && trace) frames = PyObject_CallMethod(module, "extract_tb", "O", trace);
    if (frames && PySequence_Size(frames) > 0) last = PySequence_GetItem(frames, PySequence_Size(frames) - 1);
    if (last) file = PyObject_GetAttrString(last, "filename");
    if (file) line = PyObject_GetAttrString(last, "lineno");
    if (line) text = PyUnicode_FromFormat("%S (%S, line %S)", said, file, line);
    PyErr_Clear();
    if (!text && said) {
        Py_INCREF(said);
        text = said;
    }
    Py_XDECREF(line);
    Py_XDECREF(file);
    Py_XDECREF(last);
    Py_XDECREF(frames);
    Py_XDECREF(said);
    Py_XDECREF(lines);
    Py_XDECREF(module);
    return text;
}

void say_exception(batten_buffer *why) {
    PyObject *type, *value, *trace, *text;
    const char *said = NULL;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    text = type && value ? summary(type, value, trace) : NULL;
    if (text) said = PyUnicode_AsUTF8(text);
    batten_say(why, said ? said : "an exception that cannot be shown");
    PyErr_Clear();
    Py_XDECREF(text);
    /* All of it goes to standard error, which the host has in its log. */
    if (value) PyErr_Display(type, value, trace);
    PyErr_Clear();
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
}
