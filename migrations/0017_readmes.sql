CREATE TABLE `package_readme` (
	`file_id` text PRIMARY KEY NOT NULL,
	`file_name` text NOT NULL,
	`text` text NOT NULL,
	FOREIGN KEY (`file_id`) REFERENCES `package_file`(`id`) ON UPDATE no action ON DELETE cascade
);
