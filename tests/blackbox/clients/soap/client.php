<?php
// PHP's SoapClient against the gateway's WSDL: SOAP 1.1 with Basic, then SOAP 1.2 with the login in the body.
//
// usage: php client.php URL USER PASSWORD TO     (URL of the service, without ?wsdl)
// Prints "id <message id>" of what was sent, and "ok" at the end.

[, $url, $user, $password, $to] = $argv;

function must(bool $holds, string $what): void {
    if (!$holds) {
        fwrite(STDERR, "$what\n");
        exit(1);
    }
}

function fault_of(callable $call): SoapFault {
    try {
        $call();
    } catch (SoapFault $fault) {
        return $fault;
    }
    must(false, 'there was no fault');
}

$common = ['cache_wsdl' => WSDL_CACHE_NONE, 'features' => SOAP_SINGLE_ELEMENT_ARRAYS, 'exceptions' => true];
$logins = [
    SOAP_1_1 => [['login' => $user, 'password' => $password], []],
    SOAP_1_2 => [[], ['username' => $user, 'password' => $password]],
];
foreach ($logins as $version => [$options, $login]) {
    $client = new SoapClient("$url?wsdl", $common + $options + ['soap_version' => $version]);
    must($client->Ping($login)->user === $user, 'Ping');

    $sms = ['to' => [$to, 'nobody'], 'text' => 'Hej från PHP <åäö> & €', 'flash' => false, 'reference' => "php $version"];
    $accepted = $client->SendSms($login + $sms);
    must(count($accepted->message) === 1 && $accepted->refused[0]->code === 'invalid_number', 'SendSms');
    $id = $accepted->message[0]->id;
    echo "id $id\n";

    $status = $client->GetStatus($login + ['id' => [$id, '1']]);
    must($status->status[0]->id === $id && $status->notFound[0] === '1', 'GetStatus');

    $batch = $client->SendSmsBatch($login + ['sms' => [['to' => [$to], 'text' => 'ett'], ['to' => [$to], 'text' => '']]]);
    must($batch->accepted === 1 && $batch->result[1]->fault->code === 'no_text', 'SendSmsBatch');
    echo 'id ', $batch->result[0]->message[0]->id, "\n";

    $fault = fault_of(fn() => $client->SendSms($login + ['to' => [$to], 'text' => '']));
    must($fault->detail->GatewayFault->code === 'no_text' && $fault->detail->GatewayFault->field === 'text', 'fault');
    $fault = fault_of(fn() => $client->CancelSms($login + ['id' => '1']));
    must($fault->detail->GatewayFault->code === 'not_found', 'CancelSms');

    foreach ($client->GetReceived($login + ['max' => 10])->received ?? [] as $received) {
        must($client->AckReceived($login + ['id' => [$received->id]])->acknowledged === 1, 'AckReceived');
    }
    must($client->GetBalance($login)->unlimited === true, 'GetBalance');
}
echo "ok\n";
