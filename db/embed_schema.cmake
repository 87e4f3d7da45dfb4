# Makes C++ strings of the SQL files, so that the executable needs no file beside it. schema.sql
# becomes tw::schema_sql.
set(cpp "// Generated from db/*.sql.\nnamespace tw {\n")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  get_filename_component(name ${file} NAME_WE)
  string(APPEND cpp "extern const char* const ${name}_sql;\n"
    "const char* const ${name}_sql = R\"tw_embed(${text})tw_embed\";\n")
endforeach()
file(WRITE ${OUT} "${cpp}}  // namespace tw\n")
