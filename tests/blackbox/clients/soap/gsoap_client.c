/* gSOAP, stubs generated from the gateway's WSDL: SOAP 1.1 with the login in the body, then SOAP 1.2 with Basic.
 * Built by gsoap_build.sh.
 *
 * usage: gsoap_client URL USER PASSWORD TO     (URL of the service, without ?wsdl)
 * Prints "id <message id>" of what was sent, and "ok" at the end. */

#include "soapH.h"
#include "GatewaySoap.nsmap"

static void must(struct soap *soap, int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        soap_print_fault(soap, stderr);
        exit(1);
    }
}

/* The code of the fault that the last call ended in. */
static const char *fault_code(struct soap *soap) {
    struct SOAP_ENV__Detail *detail = NULL;
    if (soap->fault)
        detail = soap->fault->detail ? soap->fault->detail : soap->fault->SOAP_ENV__Detail;
    return detail && detail->ns1__GatewayFault ? detail->ns1__GatewayFault->code : "(none)";
}

static char *basic_user, *basic_password;

/* gSOAP forgets the login after each call. */
static struct soap *fresh(struct soap *soap) {
    soap->userid = basic_user;
    soap->passwd = basic_password;
    return soap;
}

static void story(struct soap *soap, const char *url, char *user, char *password, char *to) {
    char *recipients[2] = {to, "nobody"};
    enum xsd__boolean flash = xsd__boolean__false_;
    struct _ns1__SendSms send;
    struct _ns1__SendSmsResponse sent;
    memset(&send, 0, sizeof send);
    send.username = user;
    send.password = password;
    send.__sizeto = 2;
    send.to = recipients;
    send.text = "Hej fr\xc3\xa5n gSOAP <\xc3\xa5\xc3\xa4\xc3\xb6> & \xe2\x82\xac";
    send.flash = &flash;
    send.reference = "gsoap";
    must(soap, soap_call___ns1__SendSms(fresh(soap), url, NULL, &send, &sent) == SOAP_OK, "SendSms");
    must(soap, sent.__sizemessage == 1 && sent.__sizerefused == 1, "one message, one refused");
    must(soap, !strcmp(sent.refused[0].code, "invalid_number"), "invalid_number");
    printf("id %s\n", sent.message[0].id);

    char *ids[2] = {sent.message[0].id, "1"};
    struct _ns1__GetStatus ask = {user, password, 2, ids, NULL};
    struct _ns1__GetStatusResponse status;
    must(soap, soap_call___ns1__GetStatus(fresh(soap), url, NULL, &ask, &status) == SOAP_OK, "GetStatus");
    must(soap, status.__sizestatus == 1 && !strcmp(status.status[0].id, ids[0]), "its status");
    must(soap, status.__sizenotFound == 1 && status.status[0].acceptedAt > 0, "the other not found");

    struct ns1__SmsRequest items[2];
    memset(items, 0, sizeof items);
    items[0].__sizeto = items[1].__sizeto = 1;
    items[0].to = items[1].to = recipients;
    items[0].text = "ett";
    struct _ns1__SendSmsBatch batch = {user, password, NULL, 2, items};
    struct _ns1__SendSmsBatchResponse results;
    must(soap, soap_call___ns1__SendSmsBatch(fresh(soap), url, NULL, &batch, &results) == SOAP_OK, "SendSmsBatch");
    must(soap, results.accepted == 1 && results.__sizeresult == 2, "one of two");
    must(soap, !strcmp(results.result[1].fault->code, "no_text"), "no_text in the batch");
    printf("id %s\n", results.result[0].message[0].id);

    send.text = NULL;
    must(soap, soap_call___ns1__SendSms(fresh(soap), url, NULL, &send, &sent) != SOAP_OK, "no text");
    must(soap, !strcmp(fault_code(soap), "no_text"), fault_code(soap));
}

int main(int argc, char **argv) {
    if (argc != 5)
        return 2;
    const char *url = argv[1];
    struct soap *soap = soap_new1(SOAP_C_UTFSTRING);

    soap_set_version(soap, 1);
    story(soap, url, argv[2], argv[3], argv[4]);

    soap_set_version(soap, 2);
    struct _ns1__GetBalance nobody = {NULL, NULL};
    struct _ns1__GetBalanceResponse balance;
    must(soap, soap_call___ns1__GetBalance(soap, url, NULL, &nobody, &balance) == 401, "a challenge for who shows nothing");
    basic_user = argv[2];
    basic_password = argv[3];
    must(soap, soap_call___ns1__GetBalance(fresh(soap), url, NULL, &nobody, &balance) == SOAP_OK, "GetBalance");
    must(soap, balance.unlimited == xsd__boolean__true_, "unlimited");
    story(soap, url, NULL, NULL, argv[4]);

    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    puts("ok");
    return 0;
}
