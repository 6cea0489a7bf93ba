-- phase: expand
-- 1.1.0: 受付窓口の記録。空を許す列だけを足すため、1.0.0 もこのスキーマのまま動く。

ALTER TABLE application ADD COLUMN reception_section text;
COMMENT ON COLUMN application.reception_section IS '受付窓口（空: 手続の所管課）';
