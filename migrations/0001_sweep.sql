CREATE TABLE `sweep_progress` (
	`prefix` text PRIMARY KEY NOT NULL,
	`hour` text NOT NULL
);
