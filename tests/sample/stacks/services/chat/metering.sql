-- meter: accounts
-- 期間のうち一日でも使えた利用者（庁外の利用者を含む）
SELECT count(*) FROM member
 WHERE created_at < %(next)s AND (deactivated_at IS NULL OR deactivated_at >= %(first)s)
-- meter: messages
SELECT count(*) FROM message WHERE posted_at >= %(first)s AND posted_at < %(next)s
