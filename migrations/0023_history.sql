CREATE TABLE `owner_change` (
	`owner_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`id` text NOT NULL,
	`kind` integer NOT NULL,
	PRIMARY KEY(`owner_id`, `created_at`, `id`),
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `removed_file` ADD `file_id` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `removed_file` ADD `published_by` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `removed_file` ADD `published_at` integer;--> statement-breakpoint
UPDATE `removed_file` SET `file_id` = 'removed-' || id;--> statement-breakpoint
CREATE INDEX `removed_file_file` ON `removed_file` (`file_id`);--> statement-breakpoint
UPDATE `owner_usage` SET `metadata_bytes` = `metadata_bytes` + 300 * (
  SELECT count(*) FROM removed_file d WHERE d.owner_id = owner_usage.owner_id);--> statement-breakpoint
INSERT INTO `owner_change` (`owner_id`, `created_at`, `id`, `kind`)
SELECT r.owner_id, c.created_at, c.change_id, 0 FROM repository r
CROSS JOIN repository_change c ON c.repository_id = r.id WHERE c.op <> 'reindex';--> statement-breakpoint
INSERT INTO `owner_change` (`owner_id`, `created_at`, `id`, `kind`)
SELECT p.owner_id, f.created_at, f.id, 1 FROM package p
CROSS JOIN package_version v ON v.package_id = p.id
CROSS JOIN package_file f ON f.version_id = v.id WHERE f.repository_id IS NULL;--> statement-breakpoint
INSERT INTO `owner_change` (`owner_id`, `created_at`, `id`, `kind`)
SELECT owner_id, removed_at, file_id || '-removed', 2 FROM removed_file;--> statement-breakpoint
CREATE TRIGGER `repository_change_added` AFTER INSERT ON `repository_change` WHEN new.op <> 'reindex' BEGIN
  INSERT INTO owner_change (owner_id, created_at, id, kind)
  SELECT owner_id, new.created_at, new.change_id, 0 FROM repository WHERE id = new.repository_id
  ON CONFLICT DO NOTHING;
END;--> statement-breakpoint
CREATE TRIGGER `repository_change_removed` AFTER DELETE ON `repository_change` BEGIN
  DELETE FROM owner_change WHERE created_at = old.created_at AND id = old.change_id
    AND owner_id = (SELECT owner_id FROM repository WHERE id = old.repository_id);
END;--> statement-breakpoint
CREATE TRIGGER `repository_removed` BEFORE DELETE ON `repository` BEGIN
  DELETE FROM repository_change WHERE repository_id = old.id;
END;--> statement-breakpoint
CREATE TRIGGER `loose_file_added` AFTER INSERT ON `package_file` WHEN new.repository_id IS NULL BEGIN
  INSERT INTO owner_change (owner_id, created_at, id, kind)
  SELECT p.owner_id, new.created_at, new.id, 1 FROM package_version v
  CROSS JOIN package p ON p.id = v.package_id WHERE v.id = new.version_id
  ON CONFLICT DO NOTHING;
END;--> statement-breakpoint
CREATE TRIGGER `loose_file_removed` AFTER DELETE ON `package_file`
WHEN old.repository_id IS NULL AND NOT EXISTS (SELECT 1 FROM removed_file WHERE file_id = old.id) BEGIN
  DELETE FROM owner_change WHERE created_at = old.created_at AND id = old.id AND owner_id = (
    SELECT p.owner_id FROM package_version v CROSS JOIN package p ON p.id = v.package_id
    WHERE v.id = old.version_id);
END;--> statement-breakpoint
-- A restore brings both changes, of a backup of before this migration without the file's id.
CREATE TRIGGER `removed_file_added` AFTER INSERT ON `removed_file` BEGIN
  UPDATE removed_file SET file_id = 'removed-' || id WHERE id = new.id AND file_id = '';
  INSERT INTO owner_change (owner_id, created_at, id, kind)
  SELECT owner_id, removed_at, file_id || '-removed', 2 FROM removed_file WHERE id = new.id
  UNION ALL
  SELECT owner_id, published_at, file_id, 1 FROM removed_file WHERE id = new.id AND published_at IS NOT NULL
  ON CONFLICT DO NOTHING;
END;--> statement-breakpoint
CREATE TRIGGER `removed_file_forgotten` AFTER DELETE ON `removed_file` BEGIN
  DELETE FROM owner_change
  WHERE owner_id = old.owner_id AND created_at = old.removed_at AND id = old.file_id || '-removed';
  DELETE FROM owner_change
  WHERE owner_id = old.owner_id AND created_at = old.published_at AND id = old.file_id;
END;
