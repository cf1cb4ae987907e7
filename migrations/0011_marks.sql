CREATE TABLE `package_change` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`change_id` text NOT NULL,
	`applied` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `package_change_change_id_unique` ON `package_change` (`change_id`);--> statement-breakpoint
CREATE TABLE `package_mark` (
	`file_id` text NOT NULL,
	`name` text NOT NULL,
	`value` text NOT NULL,
	`withdraws` integer NOT NULL,
	PRIMARY KEY(`file_id`, `name`),
	FOREIGN KEY (`file_id`) REFERENCES `package_file`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `retired_version` (
	`owner_id` text NOT NULL,
	`type` text NOT NULL,
	`package_name` text NOT NULL,
	`version` text NOT NULL,
	`composite_key` text NOT NULL,
	`file_name` text NOT NULL,
	`sha256` text NOT NULL,
	PRIMARY KEY(`owner_id`, `type`, `package_name`, `version`, `composite_key`, `file_name`),
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `package_version` ADD `order_key` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `package_version` ADD `prerelease` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `package_version` ADD `withdrawn` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `package_version_latest` ON `package_version` (`package_id`,(1 - withdrawn) * (2 - prerelease),`order_key`);--> statement-breakpoint
DROP TABLE `package_tag_change`;