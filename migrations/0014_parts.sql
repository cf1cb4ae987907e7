ALTER TABLE `retired_file` RENAME COLUMN `architecture` TO `part`;--> statement-breakpoint
DROP INDEX `package_file_repository`;--> statement-breakpoint
DROP INDEX `package_file_listing`;--> statement-breakpoint
ALTER TABLE `package_file` ADD `part` text DEFAULT '' NOT NULL;--> statement-breakpoint
-- Until here the architecture separated the lists.
UPDATE `package_file` SET `part` = `architecture` WHERE `repository_id` IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `package_file_repository` ON `package_file` (`repository_id`,`name`,`part`);--> statement-breakpoint
CREATE INDEX `package_file_listing` ON `package_file` (`repository_id`,`part`,`id`);--> statement-breakpoint
ALTER TABLE `repository_change` ADD `part` text DEFAULT '' NOT NULL;--> statement-breakpoint
UPDATE `repository_change` SET `part` = `architecture`;
