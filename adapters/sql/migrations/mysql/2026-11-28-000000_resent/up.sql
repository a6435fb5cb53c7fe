-- What somebody has sent again after it was given up is tried as patiently as at first.
ALTER TABLE handoff ADD COLUMN IF NOT EXISTS resent_at BIGINT;
