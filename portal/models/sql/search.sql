-- Words that staff find people and places by. Full text with the 'simple' dictionary needs no
-- extension, ignores case, order and punctuation, and answers prefixes from a GIN index.
-- The punctuation is taken out first: the parser would keep a mail address as one word.
CREATE INDEX IF NOT EXISTS ix_account_words ON account USING gin (
    to_tsvector('simple', translate(account_no || ' ' || service_address || ' ' || unit || ' ' || parcel_id, '@.-_/+#', '       '))
);
CREATE INDEX IF NOT EXISTS ix_customer_words ON customer USING gin (
    to_tsvector('simple', translate(cid || ' ' || name1 || ' ' || name2 || ' ' || addr1 || ' ' || email, '@.-_/+#', '       '))
);
CREATE INDEX IF NOT EXISTS ix_user_account_words ON user_account USING gin (
    to_tsvector('simple', translate(email || ' ' || first_name || ' ' || last_name, '@.-_/+#', '       '))
);
CREATE INDEX IF NOT EXISTS ix_mail_newest ON mail (created_at DESC);
CREATE INDEX IF NOT EXISTS ix_import_run_newest ON import_run (started_at DESC);
