CREATE TABLE `listed_package` (
	`list_id` integer NOT NULL,
	`name` text NOT NULL,
	`package_id` integer NOT NULL,
	`versions` integer NOT NULL,
	PRIMARY KEY(`list_id`, `name`, `package_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `listed_version` (
	`list_id` integer NOT NULL,
	`version_id` integer NOT NULL,
	`package_id` integer NOT NULL,
	`files` integer NOT NULL,
	PRIMARY KEY(`list_id`, `version_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `package_list` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`owner_id` text NOT NULL,
	`repository_id` text,
	`packages` integer DEFAULT 0 NOT NULL,
	`versions` integer DEFAULT 0 NOT NULL,
	`state` text DEFAULT '' NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`repository_id`) REFERENCES `repository`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `package_list_key_unique` ON `package_list` (`key`);--> statement-breakpoint
CREATE TABLE `package_name_piece` (
	`list_id` integer NOT NULL,
	`piece` text NOT NULL,
	`package_id` integer NOT NULL,
	PRIMARY KEY(`list_id`, `piece`, `package_id`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `package` ADD `versions` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `package_version` ADD `files` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `owner_listing` ON `owner` (`visibility`,`name`);--> statement-breakpoint
CREATE INDEX `package_version_newest` ON `package_version` (`package_id`,`id`);--> statement-breakpoint
UPDATE `package_version` SET `files` = (SELECT count(*) FROM package_file f WHERE f.version_id = package_version.id);--> statement-breakpoint
UPDATE `package` SET `versions` = (SELECT count(*) FROM package_version v WHERE v.package_id = package.id);--> statement-breakpoint
INSERT INTO `package_list` (`key`, `owner_id`) SELECT DISTINCT owner_id, owner_id FROM package;--> statement-breakpoint
INSERT INTO `package_list` (`key`, `owner_id`, `state`) SELECT owner_id || ' ' || type, owner_id, lower(hex(randomblob(16))) FROM (
  SELECT DISTINCT owner_id, type FROM package);--> statement-breakpoint
INSERT INTO `package_list` (`key`, `owner_id`, `repository_id`) SELECT r.id, r.owner_id, r.id FROM repository r
WHERE EXISTS (SELECT 1 FROM package_file f WHERE f.repository_id = r.id);--> statement-breakpoint
INSERT INTO `listed_version` (`list_id`, `version_id`, `package_id`, `files`)
SELECT l.id, v.id, p.id, 0 FROM package p
CROSS JOIN package_list l ON l.key IN (p.owner_id, p.owner_id || ' ' || p.type)
CROSS JOIN package_version v ON v.package_id = p.id;--> statement-breakpoint
INSERT INTO `listed_version` (`list_id`, `version_id`, `package_id`, `files`)
SELECT l.id, v.id, v.package_id, count(*) FROM package_list l
CROSS JOIN package_file f ON f.repository_id = l.repository_id
CROSS JOIN package_version v ON v.id = f.version_id GROUP BY l.id, v.id;--> statement-breakpoint
INSERT INTO `listed_package` (`list_id`, `name`, `package_id`, `versions`)
SELECT l.id, p.name, p.id, count(*) FROM package_list l
CROSS JOIN listed_version v ON v.list_id = l.id
CROSS JOIN package p ON p.id = v.package_id
WHERE l.repository_id IS NOT NULL GROUP BY l.id, p.id;--> statement-breakpoint
UPDATE `package_list` SET
  `versions` = (SELECT count(*) FROM listed_version v WHERE v.list_id = package_list.id),
  `packages` = (SELECT count(DISTINCT v.package_id) FROM listed_version v WHERE v.list_id = package_list.id);--> statement-breakpoint
INSERT INTO `package_name_piece` (`list_id`, `piece`, `package_id`)
SELECT DISTINCT l.id, substr(lower(p.name), n.value, 32), p.id FROM package p
CROSS JOIN package_list l ON l.key = p.owner_id || ' ' || p.type
CROSS JOIN json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64]') n WHERE n.value <= length(p.name);--> statement-breakpoint
CREATE TRIGGER `package_added` AFTER INSERT ON `package` BEGIN
  INSERT INTO package_list (key, owner_id, packages, state) VALUES
    (new.owner_id, new.owner_id, 1, ''),
    (new.owner_id || ' ' || new.type, new.owner_id, 1, lower(hex(randomblob(16))))
  ON CONFLICT (key) DO UPDATE SET packages = packages + 1, state = excluded.state;
  INSERT INTO package_name_piece (list_id, piece, package_id)
  SELECT DISTINCT (SELECT id FROM package_list WHERE key = new.owner_id || ' ' || new.type),
    substr(lower(new.name), n.value, 32), new.id
  FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64]') n WHERE n.value <= length(new.name);
END;--> statement-breakpoint
CREATE TRIGGER `package_changed` AFTER UPDATE OF `state` ON `package` BEGIN
  UPDATE package_list SET state = lower(hex(randomblob(16))) WHERE key = new.owner_id || ' ' || new.type;
END;--> statement-breakpoint
CREATE TRIGGER `package_removed` AFTER DELETE ON `package` BEGIN
  DELETE FROM package_name_piece
  WHERE list_id = (SELECT id FROM package_list WHERE key = old.owner_id || ' ' || old.type)
    AND package_id = old.id AND piece IN (
      SELECT substr(lower(old.name), n.value, 32)
      FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64]') n WHERE n.value <= length(old.name));
  UPDATE package_list SET packages = packages - 1,
    state = iif(key = old.owner_id, '', lower(hex(randomblob(16))))
  WHERE key IN (old.owner_id, old.owner_id || ' ' || old.type);
END;--> statement-breakpoint
CREATE TRIGGER `package_version_added` AFTER INSERT ON `package_version` BEGIN
  UPDATE package SET versions = versions + 1 WHERE id = new.package_id;
  INSERT INTO listed_version (list_id, version_id, package_id, files)
  SELECT l.id, new.id, p.id, 0 FROM package p
  CROSS JOIN package_list l ON l.key IN (p.owner_id, p.owner_id || ' ' || p.type)
  WHERE p.id = new.package_id;
END;--> statement-breakpoint
CREATE TRIGGER `package_version_removed` AFTER DELETE ON `package_version` BEGIN
  UPDATE package SET versions = versions - 1 WHERE id = old.package_id;
  DELETE FROM listed_version WHERE version_id = old.id AND list_id IN (
    SELECT l.id FROM package p
    CROSS JOIN package_list l ON l.key IN (p.owner_id, p.owner_id || ' ' || p.type)
    WHERE p.id = old.package_id);
END;--> statement-breakpoint
CREATE TRIGGER `package_file_added` AFTER INSERT ON `package_file` BEGIN
  UPDATE package_version SET files = files + 1 WHERE id = new.version_id;
  INSERT INTO package_list (key, owner_id, repository_id)
  SELECT r.id, r.owner_id, r.id FROM repository r
  WHERE r.id = new.repository_id AND NOT EXISTS (SELECT 1 FROM package_list WHERE key = r.id);
  INSERT INTO listed_version (list_id, version_id, package_id, files)
  SELECT l.id, v.id, v.package_id, 1 FROM package_list l
  CROSS JOIN package_version v ON v.id = new.version_id WHERE l.key = new.repository_id
  ON CONFLICT (list_id, version_id) DO UPDATE SET files = listed_version.files + 1;
END;--> statement-breakpoint
CREATE TRIGGER `package_file_removed` AFTER DELETE ON `package_file` BEGIN
  UPDATE package_version SET files = files - 1 WHERE id = old.version_id;
  UPDATE listed_version SET files = files - 1
  WHERE list_id = (SELECT id FROM package_list WHERE key = old.repository_id) AND version_id = old.version_id;
  DELETE FROM listed_version
  WHERE list_id = (SELECT id FROM package_list WHERE key = old.repository_id) AND version_id = old.version_id AND files = 0;
END;--> statement-breakpoint
CREATE TRIGGER `listed_version_added` AFTER INSERT ON `listed_version` BEGIN
  UPDATE package_list SET versions = versions + 1 WHERE id = new.list_id;
  INSERT INTO listed_package (list_id, name, package_id, versions)
  SELECT l.id, p.name, p.id, 1 FROM package_list l
  CROSS JOIN package p ON p.id = new.package_id
  WHERE l.id = new.list_id AND l.repository_id IS NOT NULL
  ON CONFLICT (list_id, name, package_id) DO UPDATE SET versions = listed_package.versions + 1;
END;--> statement-breakpoint
CREATE TRIGGER `listed_version_removed` AFTER DELETE ON `listed_version` BEGIN
  UPDATE package_list SET versions = versions - 1 WHERE id = old.list_id;
  UPDATE listed_package SET versions = versions - 1 WHERE list_id = old.list_id
    AND package_id = old.package_id AND name = (SELECT name FROM package WHERE id = old.package_id);
  DELETE FROM listed_package WHERE list_id = old.list_id AND versions = 0
    AND package_id = old.package_id AND name = (SELECT name FROM package WHERE id = old.package_id);
END;--> statement-breakpoint
CREATE TRIGGER `listed_package_added` AFTER INSERT ON `listed_package` BEGIN
  UPDATE package_list SET packages = packages + 1 WHERE id = new.list_id;
END;--> statement-breakpoint
CREATE TRIGGER `listed_package_removed` AFTER DELETE ON `listed_package` BEGIN
  UPDATE package_list SET packages = packages - 1 WHERE id = old.list_id;
END;
