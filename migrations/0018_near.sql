CREATE TABLE `resting_name` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`owner_name` text NOT NULL,
	`type` text NOT NULL,
	`place` text NOT NULL,
	`name` text NOT NULL,
	`part` text NOT NULL,
	`sha256` text NOT NULL,
	`removed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `resting_name_of` ON `resting_name` (`owner_name`,`type`,`place`,`name`);--> statement-breakpoint
CREATE INDEX `resting_name_age` ON `resting_name` (`removed_at`);--> statement-breakpoint
ALTER TABLE `repository` ADD `recent` text DEFAULT '' NOT NULL;
--> statement-breakpoint
-- Nothing is remembered of what these repositories removed before: their lists begin with the last commit.
UPDATE `repository` SET `recent` = 'h' || substr(`head`, -12);
