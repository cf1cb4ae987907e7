CREATE TABLE `repository_version` (
	`package_id` integer NOT NULL,
	`list_id` integer NOT NULL,
	`standing` integer NOT NULL,
	`order_key` text NOT NULL,
	`version_id` integer NOT NULL,
	PRIMARY KEY(`package_id`, `list_id`, `standing`, `order_key`, `version_id`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `repository_version` (`package_id`, `list_id`, `standing`, `order_key`, `version_id`)
SELECT v.package_id, l.id, (1 - v.withdrawn) * (2 - v.prerelease), v.order_key, v.id
FROM package_list l CROSS JOIN listed_version e ON e.list_id = l.id
CROSS JOIN package_version v ON v.id = e.version_id WHERE l.repository_id IS NOT NULL;--> statement-breakpoint
-- Of lists of repositories alone the entries count files.
CREATE TRIGGER `repository_version_added` AFTER INSERT ON `listed_version` WHEN new.files > 0 BEGIN
  INSERT INTO repository_version (package_id, list_id, standing, order_key, version_id)
  SELECT v.package_id, new.list_id, (1 - v.withdrawn) * (2 - v.prerelease), v.order_key, v.id
  FROM package_version v WHERE v.id = new.version_id ON CONFLICT DO NOTHING;
END;--> statement-breakpoint
CREATE TRIGGER `repository_version_removed` AFTER DELETE ON `listed_version` BEGIN
  DELETE FROM repository_version WHERE package_id = old.package_id AND list_id = old.list_id
    AND standing = (SELECT (1 - v.withdrawn) * (2 - v.prerelease) FROM package_version v WHERE v.id = old.version_id)
    AND order_key = (SELECT v.order_key FROM package_version v WHERE v.id = old.version_id)
    AND version_id = old.version_id;
END;--> statement-breakpoint
CREATE TRIGGER `repository_version_withdrawn` AFTER UPDATE OF `withdrawn` ON `package_version`
WHEN new.withdrawn <> old.withdrawn BEGIN
  UPDATE repository_version SET standing = (1 - new.withdrawn) * (2 - new.prerelease)
  WHERE package_id = new.package_id AND list_id IN (
      SELECT l.id FROM package_file f CROSS JOIN package_list l ON l.key = f.repository_id WHERE f.version_id = new.id)
    AND standing = (1 - old.withdrawn) * (2 - old.prerelease) AND order_key = new.order_key AND version_id = new.id;
END;
