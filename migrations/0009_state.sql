CREATE TABLE `package_collection` (
	`owner_id` text NOT NULL,
	`type` text NOT NULL,
	`state` text NOT NULL,
	`changed_at` integer NOT NULL,
	`changes` integer NOT NULL,
	PRIMARY KEY(`owner_id`, `type`),
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `package` ADD `state` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `package` ADD `changed_at` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `package` ADD `changes` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
UPDATE `package` SET `state` = lower(hex(randomblob(16))), `changed_at` = coalesce((
  SELECT max(f.created_at) FROM package_version v JOIN package_file f ON f.version_id = v.id
  WHERE v.package_id = package.id), `created_at`) / 1000 * 1000;--> statement-breakpoint
INSERT INTO `package_collection` (`owner_id`, `type`, `state`, `changed_at`, `changes`)
SELECT owner_id, type, lower(hex(randomblob(16))), changed_at, 1 FROM (
  SELECT p.owner_id, p.type, max(p.changed_at) AS changed_at
  FROM package_file f JOIN package_version v ON v.id = f.version_id JOIN package p ON p.id = v.package_id
  WHERE f.repository_id IS NULL GROUP BY p.owner_id, p.type);
