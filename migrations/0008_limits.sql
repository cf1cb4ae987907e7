CREATE TABLE `owner_usage` (
	`owner_id` text PRIMARY KEY NOT NULL,
	`files` integer DEFAULT 0 NOT NULL,
	`metadata_bytes` integer DEFAULT 0 NOT NULL,
	`file_bytes` integer DEFAULT 0 NOT NULL,
	`repositories` integer DEFAULT 0 NOT NULL,
	`tokens` integer DEFAULT 0 NOT NULL,
	`open_uploads` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `owner` ADD `limits` text;--> statement-breakpoint
ALTER TABLE `package_file` ADD `metadata_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `package_file` SET `metadata_bytes` = length(CAST(`metadata` AS BLOB)) + coalesce((
  SELECT sum(length(q.name) + length(q.value) + 70) FROM package_property q WHERE q.file_id = package_file.id), 0);--> statement-breakpoint
INSERT INTO `owner_usage` (`owner_id`, `files`, `metadata_bytes`, `file_bytes`)
SELECT p.owner_id, count(*), sum(f.metadata_bytes), sum(b.size)
FROM package_file f
JOIN package_blob b ON b.sha256 = f.blob_sha256
JOIN package_version v ON v.id = f.version_id
JOIN package p ON p.id = v.package_id
GROUP BY p.owner_id;--> statement-breakpoint
INSERT INTO `owner_usage` (`owner_id`, `repositories`)
SELECT `owner_id`, count(*) FROM `repository` WHERE true GROUP BY `owner_id`
ON CONFLICT (`owner_id`) DO UPDATE SET `repositories` = excluded.`repositories`;--> statement-breakpoint
INSERT INTO `owner_usage` (`owner_id`, `tokens`)
SELECT `owner_id`, count(*) FROM `access_token` WHERE true GROUP BY `owner_id`
ON CONFLICT (`owner_id`) DO UPDATE SET `tokens` = excluded.`tokens`;
