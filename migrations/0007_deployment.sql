CREATE TABLE `deployment` (
	`id` integer PRIMARY KEY NOT NULL,
	`marker` text NOT NULL,
	`placed` integer NOT NULL,
	`restoring` text,
	CONSTRAINT "deployment_single" CHECK("deployment"."id" = 1)
);
--> statement-breakpoint
INSERT INTO `deployment` (`id`, `marker`, `placed`)
SELECT 1, lower(hex(randomblob(16))), 0
WHERE EXISTS (SELECT 1 FROM `package_blob`) OR EXISTS (SELECT 1 FROM `repository_index`) OR EXISTS (SELECT 1 FROM `garbage`);
