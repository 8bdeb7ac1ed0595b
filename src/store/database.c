// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "store/recording.h"

#define BUSY_TIMEOUT_MS 500
/* No value of ours comes near: a chunk of 1024 windows has at most 60 KiB. */
#define READ_LENGTH_MAX (1 << 20)

/* The header of a file, https://www.sqlite.org/fileformat.html#the_database_header */
#define HEADER_SIZE 100
#define HEADER_MAGIC "SQLite format 3"
#define HEADER_USER_VERSION 60
#define HEADER_APPLICATION_ID 68

static const char *const beside[] = {"-journal", "-wal", "-shm"};

struct failure {
	int code; /* -errno */
	const char *why, *hint;
};

/* What the system said is closer to the cause than SQLite's own word for it. */
static struct failure explain_errno(int code)
{
	switch (code) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return (struct failure){-code, strerror(code), "make room, or record elsewhere"};
	case EACCES:
	case EPERM:
	case EROFS:
		return (struct failure){-code, strerror(code),
					"record or copy it to where you may write"};
	default:
		return (struct failure){-code, strerror(code), ""};
	}
}

static int last_errno(sqlite3 *db, int which)
{
	sqlite3_file *file = NULL;
	int code = 0;

	if (sqlite3_file_control(db, "main", which, &file) || !file || !file->pMethods)
		return 0;
	return file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &code) ? 0 : code;
}

/*
 * What the system said. sqlite3_system_errno() is errno as it was when SQLite got round to asking, so
 * that the files, the WAL first, are asked for what was the matter with them.
 */
static int find_errno(sqlite3 *db, int rc)
{
	int code;

	if (!db || (rc & 0xff) == SQLITE_FULL)
		return 0;
	if (rc == SQLITE_IOERR_SHMSIZE)
		return ENOSPC;
	code = last_errno(db, SQLITE_FCNTL_JOURNAL_POINTER);
	if (!code)
		code = last_errno(db, SQLITE_FCNTL_FILE_POINTER);
	return code ? code : sqlite3_system_errno(db);
}

static struct failure explain(sqlite3 *db, int rc)
{
	int system = find_errno(db, rc);

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return explain_errno(ENOSPC);
	case SQLITE_NOMEM:
		return explain_errno(ENOMEM);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return (struct failure){-EBUSY, "another process holds a lock on it",
					"end what else works on this file, as sqlite3(1)"};
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_TOOBIG:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR:
		return (struct failure){-EBADMSG, "it is damaged",
					"use a copy that is whole; the command .recover of "
					"sqlite3(1) may save a part"};
	case SQLITE_READONLY:
		return explain_errno(system ? system : EROFS);
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return explain_errno(system ? system : EACCES);
	default:
		return explain_errno(system ? system : EIO);
	}
}

int database_error(sqlite3 *db, int rc, struct error *err, const char *format, ...)
{
	struct failure failure = explain(db, rc);
	char what[ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	error_set(err, failure.code, "%s: %s", what, failure.why);
	error_hint(err, "%s", failure.hint);
	return failure.code;
}

int database_damaged(struct error *err, const char *path, const char *detail)
{
	error_set(err, -EBADMSG, "'%s' is damaged: %s", path, detail);
	error_hint(err, "use a copy that is whole; the command .recover of sqlite3(1) may save a "
			"part");
	return -EBADMSG;
}

/* As a URI, so that no name is taken for something else, as ":memory:" or "file:x" would be. */
static char *uri_of(const char *path, const char *query)
{
	char *uri = malloc(strlen("file:./") + 3 * strlen(path) + strlen(query) + 1), *out = uri;
	const char *at;

	if (!uri)
		return NULL;
	/* ":memory:" is special as a URI's whole path, too. */
	out += sprintf(out, *path == '/' ? "file:" : "file:./");
	for (at = path; *at; at++) {
		bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
				(*at >= '0' && *at <= '9') || *at == '.' || *at == '-' ||
				*at == '_' || (*at == '/' && at != path + 1);

		out += is_plain ? sprintf(out, "%c", *at)
				: sprintf(out, "%%%02X", (unsigned char)*at);
	}
	strcpy(out, query);
	return uri;
}

static int open_uri(sqlite3 **db, const char *path, const char *query, int flags)
{
	char *uri = uri_of(path, query);
	int rc = SQLITE_NOMEM;

	if (!uri)
		return rc;
	rc = sqlite3_open_v2(uri, db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (*db) {
		sqlite3_extended_result_codes(*db, 1);
		sqlite3_busy_timeout(*db, BUSY_TIMEOUT_MS);
	}
	free(uri);
	return rc;
}

/* A journal of a file that is gone would be played back into the new one. */
static int refuse_leftovers(const char *path, struct error *err)
{
	char name[PATH_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(beside); i++) {
		snprintf(name, sizeof(name), "%s%s", path, beside[i]);
		if (access(name, F_OK))
			continue;
		error_set(err, -EEXIST, "cannot make '%s': '%s' exists", path, name);
		error_hint(err,
			   "it is left from another recording: choose another name, or remove it");
		return -EEXIST;
	}
	return 0;
}

int database_create(sqlite3 **out, const char *path, struct error *err)
{
	struct stat status;
	sqlite3 *db = NULL;
	int fd, ret;

	ret = refuse_leftovers(path, err);
	if (ret)
		return ret;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0) {
		ret = error_errno(err, -errno, "cannot make '%s'", path);
		if (ret == -EEXIST && !lstat(path, &status) && S_ISREG(status.st_mode))
			error_hint(err, "choose another name, or remove it");
		else if (ret == -EEXIST)
			error_hint(err, "choose the name of a file that is not there yet");
		else if (ret == -ENOENT)
			error_hint(err, "make its directory first");
		return ret;
	}
	close(fd);
	ret = open_uri(&db, path, "", SQLITE_OPEN_READWRITE);
	if (ret) {
		ret = database_error(db, ret, err, "cannot make '%s'", path);
		database_discard(db, path);
		return ret;
	}
	*out = db;
	return 0;
}

void database_discard(sqlite3 *db, const char *path)
{
	char name[PATH_MAX];
	size_t i;

	sqlite3_close(db);
	unlink(path);
	for (i = 0; i < ARRAY_SIZE(beside); i++) {
		snprintf(name, sizeof(name), "%s%s", path, beside[i]);
		unlink(name);
	}
}

static int no_recording(struct error *err, const char *path, const char *what)
{
	error_set(err, -EMEDIUMTYPE, "'%s' is no recording of ifpulse: %s", path, what);
	return -EMEDIUMTYPE;
}

static uint32_t big_endian(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static int check_kind(const char *path, struct error *err)
{
	struct stat status;

	if (stat(path, &status))
		return error_errno(err, -errno, "cannot open '%s'", path);
	if (S_ISDIR(status.st_mode))
		return no_recording(err, path, "it is a directory");
	if (!S_ISREG(status.st_mode))
		return no_recording(err, path, "it is not a regular file");
	if (!status.st_size)
		return no_recording(err, path, "it is empty");
	if (!faccessat(AT_FDCWD, path, R_OK, AT_EACCESS))
		return 0;
	error_errno(err, -errno, "cannot read '%s'", path);
	error_hint(err, "read it as its owner or one of its group, or have them copy it");
	return err->code;
}

/*
 * Reads through SQLite's own descriptor: to close another one would drop the locks that a recorder in
 * this process has on the file (fcntl(2)).
 */
static int check_header(sqlite3 *db, const char *path, struct error *err)
{
	unsigned char header[HEADER_SIZE] = {0};
	sqlite3_file *file = NULL;
	uint32_t version;
	int rc;

	rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	if (!rc && (!file || !file->pMethods))
		rc = SQLITE_CANTOPEN;
	rc = rc ? rc : file->pMethods->xRead(file, header, sizeof(header), 0);
	if (rc && rc != SQLITE_IOERR_SHORT_READ)
		return database_error(db, rc, err, "cannot read '%s'", path);
	if (memcmp(header, HEADER_MAGIC, sizeof(HEADER_MAGIC)))
		return no_recording(err, path, "it is not an SQLite database");
	if (rc)
		return database_damaged(err, path, "it ends within its header");
	if (big_endian(header + HEADER_APPLICATION_ID) != RECORDING_APPLICATION_ID)
		return no_recording(err, path, "it is a database of something else");
	version = big_endian(header + HEADER_USER_VERSION);
	if (version > RECORDING_SCHEMA) {
		error_set(err, -ENOTSUP,
			  "'%s' was made by a newer ifpulse: its schema is %u, known here is %u",
			  path, version, RECORDING_SCHEMA);
		error_hint(err, "read it with that version of ifpulse, or with sqlite3(1)");
		return -ENOTSUP;
	}
	return version ? 0 : database_damaged(err, path, "it has no schema version");
}

/* Nothing that a file says about how it is to be read is trusted. */
static int harden(sqlite3 *db)
{
	int rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

	rc = rc ? rc : sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	rc = rc ? rc : sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	rc = rc ? rc : sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, READ_LENGTH_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	/* mmap_size: a file that is cut while it is read must not be a SIGBUS. */
	return rc ? rc
		  : sqlite3_exec(db,
				 "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
				 "PRAGMA query_only = ON",
				 NULL, NULL, NULL);
}

static int begin_read(sqlite3 *db)
{
	int rc = harden(db);

	/* Only a read makes the transaction begin. */
	return rc ? rc
		  : sqlite3_exec(db, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
}

/* Nothing that is not yet in the file itself: a WAL with frames in it would be passed over. */
static bool has_no_wal(const char *path)
{
	char name[PATH_MAX];
	struct stat status;

	snprintf(name, sizeof(name), "%s-wal", path);
	return stat(name, &status) ? errno == ENOENT : status.st_size == 0;
}

static int wal_is_out_of_reach(const char *path, struct error *err)
{
	error_set(err, -EACCES,
		  "cannot read '%s': a part of it is in '%s-wal', and nothing may be written "
		  "beside that",
		  path, path);
	error_hint(err, "copy the two to a directory where you may write");
	return -EACCES;
}

int database_open(sqlite3 **out, const char *path, struct error *err)
{
	sqlite3 *db = NULL;
	int ret, rc;

	ret = check_kind(path, err);
	if (ret)
		return ret;
	rc = open_uri(&db, path, "?mode=ro", SQLITE_OPEN_READONLY);
	if (!rc) {
		ret = check_header(db, path, err);
		if (ret)
			goto out;
		rc = begin_read(db);
		/* In WAL mode SQLite makes files beside it; where it cannot, nobody writes. */
		if ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY) {
			if (!has_no_wal(path)) {
				ret = wal_is_out_of_reach(path, err);
				goto out;
			}
			sqlite3_close(db);
			db = NULL;
			rc = open_uri(&db, path, "?mode=ro&immutable=1", SQLITE_OPEN_READONLY);
			rc = rc ? rc : begin_read(db);
		}
	}
	if (!rc) {
		*out = db;
		return 0;
	}
	ret = database_error(db, rc, err, "cannot read '%s'", path);
out:
	sqlite3_close(db);
	return ret;
}
