DROP INDEX `package_property_package`;--> statement-breakpoint
DROP INDEX `package_property_version`;--> statement-breakpoint
DROP INDEX `package_property_file`;--> statement-breakpoint
DROP INDEX `package_property_value`;--> statement-breakpoint
ALTER TABLE `package_property` ADD `owner_id` text DEFAULT '' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `package_property_of_package` ON `package_property` (`package_id`,`name`,`value`) WHERE "package_property"."package_id" IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `package_property_of_version` ON `package_property` (`version_id`,`name`,`value`) WHERE "package_property"."version_id" IS NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `package_property_of_file` ON `package_property` (`file_id`,`name`,`value`) WHERE "package_property"."file_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `package_property_search` ON `package_property` (`owner_id`,`name`,`value`);--> statement-breakpoint
ALTER TABLE `package_file` ADD `display_name` text;--> statement-breakpoint
ALTER TABLE `package` ADD `display_name` text;--> statement-breakpoint
ALTER TABLE `package_version` ADD `display_version` text;--> statement-breakpoint
UPDATE `package_property` SET `owner_id` = (
  SELECT p.owner_id FROM package_file f
  JOIN package_version v ON v.id = f.version_id JOIN package p ON p.id = v.package_id
  WHERE f.id = package_property.file_id)
WHERE `file_id` IS NOT NULL;
