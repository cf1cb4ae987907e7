ALTER TABLE `package_collection` ADD `recent` text DEFAULT '' NOT NULL;--> statement-breakpoint
-- Nothing is remembered of what these collections removed before: their lists begin with the last change.
UPDATE `package_collection` SET `recent` = 'h' || substr(`state`, -12);--> statement-breakpoint
-- Code of before, a restore and a repair draw a state and write no list: nobody can tell what they removed. A name
-- without a text stands for all names of the collection, each of which may have been removed just now.
CREATE TRIGGER `package_collection_begun` AFTER INSERT ON `package_collection`
WHEN new.recent = '' BEGIN
  INSERT INTO resting_name (owner_name, type, place, name, part, sha256, removed_at)
  SELECT o.name, new.type, '', '', '', '', CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)
  FROM owner o WHERE o.id = new.owner_id;
  UPDATE package_collection SET recent = 'h' || substr(new.state, -12)
  WHERE owner_id = new.owner_id AND type = new.type;
END;--> statement-breakpoint
CREATE TRIGGER `package_collection_changed` AFTER UPDATE OF `state` ON `package_collection`
WHEN substr(new.recent, 1, 13) <> 'h' || substr(new.state, -12) BEGIN
  INSERT INTO resting_name (owner_name, type, place, name, part, sha256, removed_at)
  SELECT o.name, new.type, '', '', '', '', CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)
  FROM owner o WHERE o.id = new.owner_id;
  UPDATE package_collection SET recent = 'h' || substr(new.state, -12)
  WHERE owner_id = new.owner_id AND type = new.type;
END;
