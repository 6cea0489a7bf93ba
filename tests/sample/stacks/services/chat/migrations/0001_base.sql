-- phase: expand
-- ビジネスチャット: ワークスペース、チャンネル、参加者、発言、添付、既読

CREATE TABLE workspace (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]*$'),
  title text NOT NULL,
  retention_days integer CHECK (retention_days > 0),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE workspace IS 'ワークスペース';
COMMENT ON COLUMN workspace.id IS '内部番号';
COMMENT ON COLUMN workspace.slug IS '短い名前';
COMMENT ON COLUMN workspace.title IS '名称';
COMMENT ON COLUMN workspace.retention_days IS '発言の保存日数（空: 期限なし）';
COMMENT ON COLUMN workspace.created_at IS '作成日時';

CREATE TABLE member (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  staff_id text NOT NULL UNIQUE,
  display_name text NOT NULL,
  section text,
  is_guest boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  deactivated_at timestamptz
);
COMMENT ON TABLE member IS '利用者';
COMMENT ON COLUMN member.id IS '内部番号';
COMMENT ON COLUMN member.staff_id IS '職員ID';
COMMENT ON COLUMN member.display_name IS '表示名';
COMMENT ON COLUMN member.section IS '所属';
COMMENT ON COLUMN member.is_guest IS '庁外の利用者か';
COMMENT ON COLUMN member.created_at IS '登録日時';
COMMENT ON COLUMN member.deactivated_at IS '利用停止日時';

CREATE TABLE channel (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workspace_id bigint NOT NULL REFERENCES workspace (id),
  name text NOT NULL,
  topic text,
  kind text NOT NULL DEFAULT 'open' CHECK (kind IN ('open', 'closed', 'direct')),
  created_by bigint REFERENCES member (id),
  created_at timestamptz NOT NULL DEFAULT now(),
  archived_at timestamptz,
  UNIQUE (workspace_id, name)
);
COMMENT ON TABLE channel IS 'チャンネル';
COMMENT ON COLUMN channel.id IS '内部番号';
COMMENT ON COLUMN channel.workspace_id IS 'ワークスペース';
COMMENT ON COLUMN channel.name IS 'チャンネル名';
COMMENT ON COLUMN channel.topic IS '話題';
COMMENT ON COLUMN channel.kind IS '種類（公開、非公開、個別）';
COMMENT ON COLUMN channel.created_by IS '作成者';
COMMENT ON COLUMN channel.created_at IS '作成日時';
COMMENT ON COLUMN channel.archived_at IS '保管日時';

CREATE TABLE membership (
  channel_id bigint NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
  member_id bigint NOT NULL REFERENCES member (id),
  role text NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'manager')),
  joined_at timestamptz NOT NULL DEFAULT now(),
  last_read_at timestamptz,
  PRIMARY KEY (channel_id, member_id)
);
COMMENT ON TABLE membership IS 'チャンネルへの参加';
COMMENT ON COLUMN membership.channel_id IS 'チャンネル';
COMMENT ON COLUMN membership.member_id IS '利用者';
COMMENT ON COLUMN membership.role IS '役割';
COMMENT ON COLUMN membership.joined_at IS '参加日時';
COMMENT ON COLUMN membership.last_read_at IS '最後に読んだ日時';
CREATE INDEX membership_member_idx ON membership (member_id);

CREATE TABLE message (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel_id bigint NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
  member_id bigint NOT NULL REFERENCES member (id),
  reply_to bigint REFERENCES message (id) ON DELETE SET NULL,
  body text NOT NULL CHECK (length(body) <= 20000),
  posted_at timestamptz NOT NULL DEFAULT now(),
  edited_at timestamptz,
  deleted_at timestamptz
);
COMMENT ON TABLE message IS '発言';
COMMENT ON COLUMN message.id IS '内部番号';
COMMENT ON COLUMN message.channel_id IS 'チャンネル';
COMMENT ON COLUMN message.member_id IS '発言者';
COMMENT ON COLUMN message.reply_to IS '返信先の発言';
COMMENT ON COLUMN message.body IS '本文';
COMMENT ON COLUMN message.posted_at IS '発言日時';
COMMENT ON COLUMN message.edited_at IS '編集日時';
COMMENT ON COLUMN message.deleted_at IS '削除日時';
CREATE INDEX message_channel_idx ON message (channel_id, posted_at);
CREATE INDEX message_member_idx ON message (member_id);
CREATE INDEX message_reply_idx ON message (reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE attachment (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  message_id bigint NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  object_key text NOT NULL UNIQUE,
  file_name text NOT NULL,
  media_type text NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE attachment IS '添付ファイル';
COMMENT ON COLUMN attachment.id IS '添付の識別子';
COMMENT ON COLUMN attachment.message_id IS '発言';
COMMENT ON COLUMN attachment.object_key IS '保管場所（文書バケットのキー）';
COMMENT ON COLUMN attachment.file_name IS 'ファイル名';
COMMENT ON COLUMN attachment.media_type IS 'ファイルの種類';
COMMENT ON COLUMN attachment.size_bytes IS '大きさ（バイト）';
COMMENT ON COLUMN attachment.sha256 IS '内容の SHA-256';
COMMENT ON COLUMN attachment.created_at IS '登録日時';
CREATE INDEX attachment_message_idx ON attachment (message_id);

CREATE TABLE health_probe (
  probe uuid PRIMARY KEY,
  written_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE health_probe IS '稼働検査で書いて読み戻す行';
COMMENT ON COLUMN health_probe.probe IS '検査ごとの乱数';
COMMENT ON COLUMN health_probe.written_at IS '書いた日時';
