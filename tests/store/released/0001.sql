BEGIN TRANSACTION;
CREATE TABLE changes (
	run_no INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	target TEXT NOT NULL, 
	record TEXT NOT NULL, 
	property TEXT NOT NULL, 
	old TEXT, 
	new TEXT, 
	cause TEXT NOT NULL, 
	tries INTEGER NOT NULL, 
	landed TEXT, 
	code TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	landed_at DATETIME, 
	PRIMARY KEY (run_no, seq), 
	FOREIGN KEY(run_no) REFERENCES runs (run_no) ON DELETE CASCADE
);
INSERT INTO "changes" VALUES(1,1,'1','account','1','seg_tier',NULL,'small','unknown',0,NULL,'','',NULL);
INSERT INTO "changes" VALUES(1,2,'1','account','1','seg_action','x','y','unknown',0,'kept','','a person set it',NULL);
INSERT INTO "changes" VALUES(2,1,'1','account','1','seg_tier',NULL,'large','unknown',1,NULL,'','',NULL);
INSERT INTO "changes" VALUES(2,2,'2','account','2','seg_tier',NULL,'large','unknown',0,NULL,'','',NULL);
CREATE TABLE facts (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE lease (
	name TEXT NOT NULL, 
	token INTEGER NOT NULL, 
	owner TEXT, 
	host TEXT, 
	machine TEXT, 
	pid INTEGER, 
	process_start TEXT, 
	since DATETIME, 
	beat DATETIME, 
	PRIMARY KEY (name)
);
INSERT INTO "lease" VALUES('writer',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE quarantine (
	target TEXT NOT NULL, 
	record TEXT NOT NULL, 
	code TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	tries INTEGER NOT NULL, 
	next_try DATETIME NOT NULL, 
	PRIMARY KEY (target, record)
);
CREATE TABLE runs (
	run_no INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	run TEXT NOT NULL, 
	command TEXT NOT NULL, 
	started DATETIME NOT NULL, 
	finished DATETIME, 
	outcome TEXT, 
	applied BOOLEAN NOT NULL, 
	snapshot TEXT, 
	as_of DATE, 
	rule_version TEXT, 
	digest TEXT, 
	figures JSON NOT NULL, 
	reasons JSON NOT NULL, 
	details JSON NOT NULL, 
	UNIQUE (run)
);
INSERT INTO "runs" VALUES(1,'held','sync','2026-03-01 06:00:00',NULL,'held',0,NULL,NULL,NULL,'d','{}','[]','{}');
INSERT INTO "runs" VALUES(2,'open','sync','2026-03-01 07:00:00',NULL,NULL,1,NULL,NULL,NULL,'e','{}','[]','{}');
CREATE TABLE snapshots (
	snapshot_no INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	full_at DATETIME NOT NULL, 
	watermark TEXT NOT NULL, 
	tables JSON NOT NULL, 
	UNIQUE (id)
);
CREATE TABLE tiersync_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT tiersync_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "tiersync_schema" VALUES('0001');
CREATE TABLE written (
	target TEXT NOT NULL, 
	record TEXT NOT NULL, 
	property TEXT NOT NULL, 
	value TEXT, 
	run_no INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (target, record, property)
);
CREATE UNIQUE INDEX changes_by_record ON changes (run_no, target, record, property);
CREATE INDEX changes_being_sent ON changes (run_no, seq) WHERE tries > 0 AND (landed IS NULL OR landed = 'unsettled');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',2);
COMMIT;
