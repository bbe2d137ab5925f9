-- The index of one facts text, in memory. Texts are folded before they come here, so the tokenizer only parts words;
-- topics are stored as words of their own.

-- name: create
CREATE VIRTUAL TABLE passages USING fts5(
    heading, body, heading_topics, body_topics,
    tokenize = "unicode61 remove_diacritics 2",
    prefix = '3 4'
);

-- name: add
INSERT INTO passages (rowid, heading, body, heading_topics, body_topics) VALUES (?, ?, ?, ?, ?);

-- name: find
-- The passages nearest to a query; a lower rank is nearer. The weights follow the order of the columns: a heading says
-- what a section is about, a body may only mention it.
SELECT rowid, bm25(passages, 3.0, 1.0, 6.0, 2.0) AS nearness
  FROM passages
 WHERE passages MATCH ?
 ORDER BY nearness, rowid
 LIMIT ?;
