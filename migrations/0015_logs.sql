CREATE TABLE `owner_removal` (
	`owner_id` text NOT NULL,
	`day` integer NOT NULL,
	`bytes` integer NOT NULL,
	PRIMARY KEY(`owner_id`, `day`),
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `owner_removal_day` ON `owner_removal` (`day`);--> statement-breakpoint
ALTER TABLE `repository` ADD `log_bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE `repository` SET `log_bytes` = (
  SELECT coalesce(sum(400 + 2 * (octet_length(c.file_name) + octet_length(c.architecture))), 0)
  FROM repository_change c WHERE c.repository_id = repository.id);--> statement-breakpoint
INSERT INTO `owner_usage` (`owner_id`, `metadata_bytes`)
SELECT owner_id, sum(bytes) FROM (
  SELECT owner_id, log_bytes AS bytes FROM repository
  UNION ALL
  SELECT owner_id, 200 + 2 * (octet_length(owner_id) + octet_length(type) + octet_length(package_name)
    + octet_length(version) + octet_length(composite_key) + octet_length(file_name))
  FROM retired_version
  UNION ALL
  SELECT p.owner_id, 50 + 2 * octet_length(t.name) FROM package_tag t JOIN package p ON p.id = t.package_id
) GROUP BY owner_id
ON CONFLICT (`owner_id`) DO UPDATE SET `metadata_bytes` = owner_usage.`metadata_bytes` + excluded.`metadata_bytes`;
