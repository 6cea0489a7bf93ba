-- phase: expand
-- 1.1.0: リアクションと、発言の固定。表と空を許す列だけを足すため、1.0.0 もこのまま動く。

CREATE TABLE reaction (
  message_id bigint NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  member_id bigint NOT NULL REFERENCES member (id),
  sign text NOT NULL CHECK (length(sign) BETWEEN 1 AND 32),
  reacted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (message_id, member_id, sign)
);
COMMENT ON TABLE reaction IS 'リアクション';
COMMENT ON COLUMN reaction.message_id IS '発言';
COMMENT ON COLUMN reaction.member_id IS '利用者';
COMMENT ON COLUMN reaction.sign IS '絵文字などの印';
COMMENT ON COLUMN reaction.reacted_at IS '付けた日時';
CREATE INDEX reaction_member_idx ON reaction (member_id);

ALTER TABLE message ADD COLUMN pinned_at timestamptz;
COMMENT ON COLUMN message.pinned_at IS '固定した日時（空: 固定していない）';
CREATE INDEX message_pinned_idx ON message (channel_id, pinned_at) WHERE pinned_at IS NOT NULL;
