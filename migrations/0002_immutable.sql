CREATE TABLE `retired_file` (
	`repository_id` text NOT NULL,
	`name` text NOT NULL,
	`architecture` text NOT NULL,
	`sha256` text NOT NULL,
	PRIMARY KEY(`repository_id`, `name`, `architecture`),
	FOREIGN KEY (`repository_id`) REFERENCES `repository`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `repository` ADD `immutable` integer DEFAULT false NOT NULL;