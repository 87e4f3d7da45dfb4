# schema.sql as a C++ string, so that the executable needs no file beside it.
file(READ ${IN} text)
file(WRITE ${OUT} "// Generated from db/schema.sql.\nnamespace tw {\nextern const char* const schema_sql;\nconst char* const schema_sql = R\"tw_embed(${text})tw_embed\";\n}  // namespace tw\n")
