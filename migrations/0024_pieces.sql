-- What a package's name takes to be found by its parts is charged to its owner, as metadata: see pieceBytes in
-- src/core/quota/weights.ts, which counts the same anew.
CREATE TRIGGER `package_charged` AFTER INSERT ON `package` BEGIN
  INSERT INTO owner_usage (owner_id, metadata_bytes)
  VALUES (new.owner_id, min(length(new.name), 64) * (24 + octet_length(substr(new.name, 1, 32))))
  ON CONFLICT (owner_id) DO UPDATE SET metadata_bytes = metadata_bytes + excluded.metadata_bytes;
END;--> statement-breakpoint
CREATE TRIGGER `package_uncharged` AFTER DELETE ON `package` BEGIN
  UPDATE owner_usage SET metadata_bytes = metadata_bytes
    - min(length(old.name), 64) * (24 + octet_length(substr(old.name, 1, 32)))
  WHERE owner_id = old.owner_id;
END;--> statement-breakpoint
INSERT INTO `owner_usage` (`owner_id`, `metadata_bytes`)
SELECT owner_id, sum(min(length(name), 64) * (24 + octet_length(substr(name, 1, 32)))) FROM package
GROUP BY owner_id
ON CONFLICT (owner_id) DO UPDATE SET metadata_bytes = metadata_bytes + excluded.metadata_bytes;
