CREATE TABLE `ended_session` (
	`id` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ended_session_expiry` ON `ended_session` (`expires_at`);