CREATE TABLE `removed_file` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`owner_id` text NOT NULL,
	`type` text NOT NULL,
	`package_name` text NOT NULL,
	`version` text NOT NULL,
	`file_name` text NOT NULL,
	`sha256` text NOT NULL,
	`removed_by` text NOT NULL,
	`removed_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `removed_file_owner` ON `removed_file` (`owner_id`);