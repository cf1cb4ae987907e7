CREATE TABLE `access_token` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`scopes` text NOT NULL,
	`repositories` text,
	`packages` text,
	`expires_at` integer,
	`created_at` integer NOT NULL,
	`last_used_at` integer,
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `access_token_hash_unique` ON `access_token` (`hash`);--> statement-breakpoint
CREATE INDEX `access_token_owner` ON `access_token` (`owner_id`);--> statement-breakpoint
CREATE TABLE `expectation` (
	`ok` integer NOT NULL,
	CONSTRAINT "stale_repository" CHECK("expectation"."ok" = 1)
);
--> statement-breakpoint
CREATE TABLE `garbage` (
	`r2_key` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `garbage_due` ON `garbage` (`due_at`);--> statement-breakpoint
CREATE TABLE `owner` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`visibility` text NOT NULL,
	`signing_key` text,
	`created_at` integer NOT NULL,
	CONSTRAINT "owner_visibility" CHECK("owner"."visibility" IN ('public', 'private'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `owner_name_unique` ON `owner` (`name`);--> statement-breakpoint
CREATE TABLE `package_blob` (
	`sha256` text PRIMARY KEY NOT NULL,
	`sha1` text NOT NULL,
	`sha512` text NOT NULL,
	`md5` text NOT NULL,
	`r2_key` text NOT NULL,
	`size` integer NOT NULL,
	`created_at` integer NOT NULL,
	`unreferenced_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `package_blob_r2_key_unique` ON `package_blob` (`r2_key`);--> statement-breakpoint
CREATE INDEX `package_blob_unreferenced` ON `package_blob` (`unreferenced_at`) WHERE "package_blob"."unreferenced_at" IS NOT NULL;--> statement-breakpoint
CREATE TABLE `package_file` (
	`id` text PRIMARY KEY NOT NULL,
	`version_id` integer NOT NULL,
	`repository_id` text,
	`composite_key` text NOT NULL,
	`architecture` text NOT NULL,
	`name` text NOT NULL,
	`blob_sha256` text NOT NULL,
	`metadata` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`version_id`) REFERENCES `package_version`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`repository_id`) REFERENCES `repository`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`blob_sha256`) REFERENCES `package_blob`(`sha256`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `package_file_repository` ON `package_file` (`repository_id`,`name`,`architecture`);--> statement-breakpoint
CREATE INDEX `package_file_listing` ON `package_file` (`repository_id`,`architecture`,`id`);--> statement-breakpoint
CREATE INDEX `package_file_blob` ON `package_file` (`blob_sha256`);--> statement-breakpoint
CREATE UNIQUE INDEX `package_file_name` ON `package_file` (`version_id`,`composite_key`,`name`);--> statement-breakpoint
CREATE TABLE `package_property` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`package_id` integer,
	`version_id` integer,
	`file_id` text,
	`name` text NOT NULL,
	`value` text NOT NULL,
	FOREIGN KEY (`package_id`) REFERENCES `package`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`version_id`) REFERENCES `package_version`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`file_id`) REFERENCES `package_file`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "package_property_subject" CHECK(("package_property"."package_id" IS NOT NULL) + ("package_property"."version_id" IS NOT NULL) + ("package_property"."file_id" IS NOT NULL) = 1)
);
--> statement-breakpoint
CREATE INDEX `package_property_package` ON `package_property` (`package_id`);--> statement-breakpoint
CREATE INDEX `package_property_version` ON `package_property` (`version_id`);--> statement-breakpoint
CREATE INDEX `package_property_file` ON `package_property` (`file_id`);--> statement-breakpoint
CREATE INDEX `package_property_value` ON `package_property` (`name`,`value`);--> statement-breakpoint
CREATE TABLE `package` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`owner_id` text NOT NULL,
	`type` text NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `package_name` ON `package` (`owner_id`,`type`,`name`);--> statement-breakpoint
CREATE TABLE `package_version` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`package_id` integer NOT NULL,
	`version` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`package_id`) REFERENCES `package`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `package_version_version` ON `package_version` (`package_id`,`version`);--> statement-breakpoint
CREATE TABLE `repository` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`type` text NOT NULL,
	`name` text NOT NULL,
	`head` text NOT NULL,
	`revision` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `owner`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `repository_name` ON `repository` (`owner_id`,`type`,`name`);--> statement-breakpoint
CREATE TABLE `repository_change` (
	`repository_id` text NOT NULL,
	`revision` integer NOT NULL,
	`change_id` text NOT NULL,
	`commit_id` text NOT NULL,
	`op` text NOT NULL,
	`file_id` text NOT NULL,
	`architecture` text NOT NULL,
	`file_name` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`repository_id`, `revision`, `change_id`),
	FOREIGN KEY (`repository_id`) REFERENCES `repository`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "repository_change_op" CHECK("repository_change"."op" IN ('publish', 'remove', 'reindex'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `repository_change_id` ON `repository_change` (`change_id`);--> statement-breakpoint
CREATE TABLE `repository_index` (
	`repository_id` text NOT NULL,
	`path` text NOT NULL,
	`r2_key` text NOT NULL,
	`sha256` text NOT NULL,
	`size` integer NOT NULL,
	`key_set` text NOT NULL,
	`changed_at` integer NOT NULL,
	PRIMARY KEY(`repository_id`, `path`),
	FOREIGN KEY (`repository_id`) REFERENCES `repository`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `repository_index_r2_key_unique` ON `repository_index` (`r2_key`);