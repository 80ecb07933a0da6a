#ifndef BATTEN_CSQLITE_SHIM_H
#define BATTEN_CSQLITE_SHIM_H

#include <sqlite3.h>

/* Variadic functions and macro constants that Swift cannot use as they are. */

/// Turns off SQLite's count of its own memory, which costs a lock for each allocation. Has an effect only before the
/// first connection of the process.
static inline int batten_sqlite_set_up(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/// Refuses what only a hostile or damaged schema needs: writes to shadow tables, functions with side effects in views,
/// and strings in double quotes.
static inline void batten_sqlite_harden(sqlite3 *connection) {
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
}

/// Leaves the write-ahead log as it is when the connection closes.
static inline void batten_sqlite_keep_log(sqlite3 *connection) {
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

/// A number that changes whenever another connection has written; read inside a transaction it is that of its snapshot.
static inline unsigned int batten_sqlite_data_version(sqlite3 *connection) {
    unsigned int version = 0;
    sqlite3_file_control(connection, "main", SQLITE_FCNTL_DATA_VERSION, &version);
    return version;
}

/// Binds text that stays where it is until the statement is bound again.
static inline int batten_sqlite_bind_text_static(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, (const char *)bytes, count, SQLITE_STATIC, SQLITE_UTF8);
}

/// Binds text that SQLite copies.
static inline int batten_sqlite_bind_text_copy(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, (const char *)bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// Binds bytes that SQLite copies.
static inline int batten_sqlite_bind_blob_copy(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

#endif
