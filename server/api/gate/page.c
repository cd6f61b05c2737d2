/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of the layers in front of the service: contract §9.8. */
#include <stdio.h>
#include <string.h>

#include "private.h"

#define PAGE_TEXT_SIZE 2048

enum kv_code gate_render_page(const struct kv_err_row *row, const char *message,
                              struct kv_response *response, struct kv_err *err)
{
    int title = (int) strcspn(row->code, "-") - 1; /* "Bad Request" of "Bad Request - ..." */
    char page[PAGE_TEXT_SIZE];

    snprintf(page, sizeof(page),
             "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\""
             "\"http://www.w3.org/TR/html4/strict.dtd\">\r\n"
             "<HTML><HEAD><TITLE>%.*s</TITLE>\r\n"
             "<META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n"
             "<BODY><h2>%s</h2>\r\n"
             "<hr><p>HTTP Error %d. %s</p>\r\n"
             "</BODY></HTML>\r\n",
             title, row->code, row->code, row->status, message);
    return kv_response_text(response, row->status, "text/html; charset=us-ascii", page, err);
}

/* The bytes of that server, blanks at the ends of lines included: 1233 for the bare root. */
enum kv_code gate_render_site_page(const struct kv_err_row *row, const char *message,
                                   struct kv_response *response, struct kv_err *err)
{
    char page[PAGE_TEXT_SIZE];

    snprintf(page, sizeof(page),
             "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "
             "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\r\n"
             "<html xmlns=\"http://www.w3.org/1999/xhtml\">\r\n"
             "<head>\r\n"
             "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-8859-1\"/>\r\n"
             "<title>%s</title>\r\n"
             "<style type=\"text/css\">\r\n"
             "<!--\r\n"
             "body{margin:0;font-size:.7em;font-family:Verdana, Arial, Helvetica, sans-serif;"
             "background:#EEEEEE;}\r\n"
             "fieldset{padding:0 15px 10px 15px;} \r\n"
             "h1{font-size:2.4em;margin:0;color:#FFF;}\r\n"
             "h2{font-size:1.7em;margin:0;color:#CC0000;} \r\n"
             "h3{font-size:1.2em;margin:10px 0 0 0;color:#000000;} \r\n"
             "#header{width:96%%;margin:0 0 0 0;padding:6px 2%% 6px 2%%;"
             "font-family:\"trebuchet MS\", Verdana, sans-serif;color:#FFF;\r\n"
             "background-color:#555555;}\r\n"
             "#content{margin:0 0 0 2%%;position:relative;}\r\n"
             ".content-container{background:#FFF;width:96%%;margin-top:8px;padding:10px;"
             "position:relative;}\r\n"
             "-->\r\n"
             "</style>\r\n"
             "</head>\r\n"
             "<body>\r\n"
             "<div id=\"header\"><h1>Server Error</h1></div>\r\n"
             "<div id=\"content\">\r\n"
             " <div class=\"content-container\"><fieldset>\r\n"
             "  <h2>%s</h2>\r\n"
             "  <h3>%s</h3>\r\n"
             " </fieldset></div>\r\n"
             "</div>\r\n"
             "</body>\r\n"
             "</html>\r\n",
             row->code, row->code, message);
    return kv_response_text(response, row->status, "text/html", page, err);
}
