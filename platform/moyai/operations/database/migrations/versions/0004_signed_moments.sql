-- An approval's age counts from a moment that is signed, and the same signature is on record once.

ALTER TABLE moyai.approval ADD COLUMN signed_at timestamptz
  CHECK (signed_at >= '2000-01-01 00:00:00+00' AND signed_at < '2100-01-01 00:00:00+00'
    AND extract(epoch FROM signed_at) = floor(extract(epoch FROM signed_at)));
COMMENT ON COLUMN moyai.approval.signed_at IS
  'the moment in the signed line, in whole seconds; NULL: of a version that signed none, which counts no longer';
CREATE UNIQUE INDEX approval_once ON moyai.approval (operation_id, subject, operator, signed_at);
