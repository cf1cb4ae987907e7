CREATE TABLE `package_tag` (
	`package_id` integer NOT NULL,
	`name` text NOT NULL,
	`version_id` integer NOT NULL,
	PRIMARY KEY(`package_id`, `name`),
	FOREIGN KEY (`package_id`) REFERENCES `package`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`version_id`) REFERENCES `package_version`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `package_tag_version` ON `package_tag` (`version_id`);--> statement-breakpoint
CREATE TABLE `package_tag_change` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`change_id` text NOT NULL,
	`package_id` integer NOT NULL,
	`tag` text NOT NULL,
	`version` text,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`package_id`) REFERENCES `package`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `package_tag_change_change_id_unique` ON `package_tag_change` (`change_id`);--> statement-breakpoint
CREATE INDEX `package_tag_change_of` ON `package_tag_change` (`package_id`,`tag`,`id`);