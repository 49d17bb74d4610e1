/* SPDX-License-Identifier: Apache-2.0 */
/* The names are facts of HAProxy 2.6: what `haproxy -dKall` lists, and for what is older than that
 * list its configuration manual (chapters 3 to 5). Sorted, joined by commas;
 * tests/system/test_absent.py holds them against the program. */
#include "lang/absent.h"

#include "base/memory.h"

/* clang-format off */
static const char KEYWORD_NAMES[] =
    "51degrees-cache-size,51degrees-data-file,51degrees-property-name-list,"
    "51degrees-property-separator,accepted_payload_size,acl,backlog,balance,bind,"
    "bind-process,busy-polling,ca-base,capture cookie,capture request header,"
    "capture response header,chroot,clitcpka-cnt,clitcpka-idle,clitcpka-intvl,clitimeout,"
    "close-spread-time,cluster-secret,command,compression,contimeout,cookie,cpu-map,crt-base,"
    "daemon,declare,declare capture,default-bind,default-path,default-server,default_backend,"
    "description,deviceatlas-json-file,deviceatlas-log-level,deviceatlas-properties-cookie,"
    "deviceatlas-separator,dgram-bind,disabled,dispatch,docroot,email-alert from,"
    "email-alert level,email-alert mailers,email-alert myhostname,email-alert to,enabled,"
    "error-log-format,errorfile,errorfiles,errorloc,errorloc302,errorloc303,"
    "expose-experimental-directives,external-check,external-check command,"
    "external-check path,fd-hard-limit,filter,filter cache,filter compression,"
    "filter fcgi-app,filter opentracing,filter spoe,filter trace,force-persist,format,"
    "fullconn,gid,grace,group,h1-accept-payload-with-any-method,h1-case-adjust,"
    "h1-case-adjust-file,h2-workaround-bogus-websocket-clients,hard-stop-after,hash-type,"
    "hold,http-after-response,http-check,http-check comment,http-check connect,"
    "http-check disable-on-404,http-check expect,http-check send,http-check send-state,"
    "http-check set-var,http-check unset-var,http-error,http-request,http-response,"
    "http-reuse,http-send-name-header,httpclient.resolvers.id,httpclient.resolvers.prefer,"
    "httpclient.ssl.ca-file,httpclient.ssl.verify,id,ignore-persist,index,"
    "insecure-fork-wanted,insecure-setuid-wanted,issuers-chain-path,"
    "load-server-state-from-file,localpeer,log,log-format,log-format-sd,log-send-hostname,"
    "log-stderr,log-tag,lua-load,lua-load-per-thread,lua-prepend-path,mailer,max-age,"
    "max-keep-alive-queue,max-object-size,max-secondary-entries,max-spread-checks,"
    "maxcompcpuusage,maxcomprate,maxconn,maxconnrate,maxlen,maxpipes,maxsessrate,maxsslconn,"
    "maxsslrate,maxzlibmem,mode,monitor fail,monitor-uri,mworker-max-reloads,nameserver,"
    "nbproc,nbthread,no-memory-trimming,node,noepoll,noevports,nogetaddrinfo,nokqueue,nopoll,"
    "noreuseport,nosplice,numa-cpu-mapping,option abortonclose,"
    "option accept-invalid-http-request,option accept-invalid-http-response,"
    "option allbackups,option checkcache,option clitcpka,option contstats,"
    "option disable-h2-upgrade,option dontlog-normal,option dontlognull,"
    "option external-check,option forwardfor,option get-values,"
    "option h1-case-adjust-bogus-client,option h1-case-adjust-bogus-server,"
    "option http-buffer-request,option http-ignore-probes,option http-keep-alive,"
    "option http-no-delay,option http-pretend-keepalive,option http-restrict-req-hdr-names,"
    "option http-server-close,option http-use-proxy-header,option httpchk,option httpclose,"
    "option httplog,option httpslog,option idle-close-on-response,option independent-streams,"
    "option keep-conn,option ldap-check,option log-health-checks,option log-separate-errors,"
    "option logasap,option max-reqs,option mpxs-conns,option mysql-check,option nolinger,"
    "option originalto,option persist,option pgsql-check,option prefer-last-server,"
    "option redis-check,option redispatch,option smtpchk,option socket-stats,"
    "option splice-auto,option splice-request,option splice-response,option spop-check,"
    "option srvtcpka,option ssl-hello-chk,option start-on-reload,option tcp-check,"
    "option tcp-smart-accept,option tcp-smart-connect,option tcpka,option tcplog,"
    "option transparent,parse-resolv-conf,pass-header,path-info,peer,persist rdp-cookie,"
    "pidfile,pp2-never-send-local,presetenv,process-vary,profiling.tasks,quiet,rate-limit,"
    "rate-limit sessions,redirect,resetenv,resolve_retries,retries,retry-on,server,"
    "server-state-base,server-state-file,server-state-file-name,server-template,set-dumpable,"
    "set-param,set-var,set-var-fmt,setenv,size,source,spread-checks,srvtcpka-cnt,"
    "srvtcpka-idle,srvtcpka-intvl,srvtimeout,ssl-default-bind-ciphers,"
    "ssl-default-bind-ciphersuites,ssl-default-bind-curves,ssl-default-bind-options,"
    "ssl-default-server-ciphers,ssl-default-server-ciphersuites,ssl-default-server-options,"
    "ssl-dh-param-file,ssl-engine,ssl-load-extra-del-ext,ssl-load-extra-files,ssl-mode-async,"
    "ssl-propquery,ssl-provider,ssl-provider-path,ssl-server-verify,ssl-skip-self-issued-ca,"
    "stats admin,stats auth,stats bind-process,stats enable,stats hide-version,"
    "stats http-request,stats maxconn,stats realm,stats refresh,stats scope,stats show-desc,"
    "stats show-legends,stats show-node,stats socket,stats timeout,stats uri,stick match,"
    "stick on,stick store-request,stick store-response,stick-table,strict-limits,table,"
    "tcp-check,tcp-check comment,tcp-check connect,tcp-check expect,tcp-check send,"
    "tcp-check send-binary,tcp-check send-binary-lf,tcp-check send-lf,tcp-check set-var,"
    "tcp-check unset-var,tcp-request,tcp-request connection,tcp-request content,"
    "tcp-request inspect-delay,tcp-request session,tcp-response,tcp-response content,"
    "tcp-response inspect-delay,thread-group,thread-groups,timeout check,timeout client,"
    "timeout client-fin,timeout connect,timeout http-keep-alive,timeout http-request,"
    "timeout mail,timeout queue,timeout resolve,timeout retry,timeout server,"
    "timeout server-fin,timeout tarpit,timeout tunnel,total-max-size,transparent,"
    "tune.buffers.limit,tune.buffers.reserve,tune.bufsize,tune.comp.maxlevel,tune.fail-alloc,"
    "tune.fd.edge-triggered,tune.h2.header-table-size,tune.h2.initial-window-size,"
    "tune.h2.max-concurrent-streams,tune.h2.max-frame-size,tune.http.cookielen,"
    "tune.http.logurilen,tune.http.maxhdr,tune.idle-pool.shared,tune.idletimer,"
    "tune.listener.multi-queue,tune.lua.forced-yield,tune.lua.maxmem,"
    "tune.lua.service-timeout,tune.lua.session-timeout,tune.lua.task-timeout,tune.maxaccept,"
    "tune.maxpollevents,tune.maxrewrite,tune.pattern.cache-size,"
    "tune.peers.max-updates-at-once,tune.pipesize,tune.pool-high-fd-ratio,"
    "tune.pool-low-fd-ratio,tune.quic.frontend.conn-tx-buffers.limit,"
    "tune.quic.frontend.max-idle-timeout,tune.quic.frontend.max-streams-bidi,"
    "tune.quic.retry-threshold,tune.rcvbuf.client,tune.rcvbuf.server,tune.recv_enough,"
    "tune.runqueue-depth,tune.sched.low-latency,tune.sndbuf.client,tune.sndbuf.server,"
    "tune.ssl.cachesize,tune.ssl.capture-buffer-size,tune.ssl.capture-cipherlist-size,"
    "tune.ssl.default-dh-param,tune.ssl.force-private-cache,tune.ssl.hard-maxrecord,"
    "tune.ssl.keylog,tune.ssl.lifetime,tune.ssl.maxrecord,tune.ssl.ssl-ctx-cache-size,"
    "tune.vars.check-max-size,tune.vars.global-max-size,tune.vars.proc-max-size,"
    "tune.vars.reqres-max-size,tune.vars.sess-max-size,tune.vars.txn-max-size,"
    "tune.zlib.memlevel,tune.zlib.windowsize,uid,ulimit-n,unique-id-format,unique-id-header,"
    "unix-bind,unsetenv,use-fcgi-app,use-server,use_backend,user,usesrc,wurfl-cache-size,"
    "wurfl-data-file,wurfl-information-list,wurfl-information-list-separator,zero-warning";

static const char SECTION_NAMES[] =
    "cache,fcgi-app,http-errors,log-forward,mailers,peers,program,resolvers,ring,userlist";

static const char BIND_OPTIONS[] =
    "accept-netscaler-cip,accept-proxy,allow-0rtt,alpn,backlog,ca-file,ca-ignore-err,"
    "ca-sign-file,ca-sign-pass,ca-verify-file,ciphers,ciphersuites,crl-file,crt,"
    "crt-ignore-err,crt-list,curves,defer-accept,ecdhe,expose-fd,force-sslv3,force-tlsv10,"
    "force-tlsv11,force-tlsv12,force-tlsv13,generate-certificates,gid,group,id,interface,"
    "level,maxconn,mode,mss,name,namespace,nice,no-ca-names,no-sslv3,no-tls-tickets,"
    "no-tlsv10,no-tlsv11,no-tlsv12,no-tlsv13,npn,prefer-client-ciphers,process,proto,"
    "quic-cc-algo,quic-force-retry,severity-output,shards,ssl,ssl-max-ver,ssl-min-ver,"
    "strict-sni,tcp-ut,tfo,thread,tls-ticket-keys,transparent,uid,user,v4v6,v6only,verify";

static const char SERVER_OPTIONS[] =
    "addr,agent-addr,agent-check,agent-inter,agent-port,agent-send,allow-0rtt,alpn,backup,"
    "ca-file,check,check-alpn,check-proto,check-send-proxy,check-sni,check-ssl,"
    "check-via-socks4,ciphers,ciphersuites,cookie,crl-file,crt,disabled,downinter,enabled,"
    "error-limit,fall,fastinter,force-sslv3,force-tlsv10,force-tlsv11,force-tlsv12,"
    "force-tlsv13,id,init-addr,inter,log-proto,max-reuse,maxconn,maxqueue,minconn,namespace,"
    "no-agent-check,no-backup,no-check,no-check-send-proxy,no-check-ssl,no-send-proxy,"
    "no-send-proxy-v2,no-send-proxy-v2-ssl,no-send-proxy-v2-ssl-cn,no-ssl,no-ssl-reuse,"
    "no-sslv3,no-tfo,no-tls-tickets,no-tlsv10,no-tlsv11,no-tlsv12,no-tlsv13,no-verifyhost,"
    "non-stick,npn,observe,on-error,on-marked-down,on-marked-up,pool-low-conn,pool-max-conn,"
    "pool-purge-delay,port,proto,proxy-v2-options,redir,resolve-net,resolve-opts,"
    "resolve-prefer,resolvers,rise,send-proxy,send-proxy-v2,send-proxy-v2-ssl,"
    "send-proxy-v2-ssl-cn,slowstart,sni,socks4,source,ssl,ssl-max-ver,ssl-min-ver,ssl-reuse,"
    "stick,tcp-ut,tfo,tls-tickets,track,usesrc,verify,verifyhost,weight,ws";

static const char CRT_LIST_OPTIONS[] =
    "allow-0rtt,alpn,ca-file,ca-verify-file,ciphers,ciphersuites,crl-file,curves,ecdhe,"
    "no-ca-names,npn,ssl-max-ver,ssl-min-ver,verify";

static const char FETCHES[] =
    "always_false,always_true,avg_queue,base,base32,base32+src,baseq,bc_dst,bc_dst_port,"
    "bc_err,bc_err_str,bc_http_major,bc_src,bc_src_port,be_conn,be_conn_free,be_id,be_name,"
    "be_server_timeout,be_sess_rate,be_tunnel_timeout,bin,bool,capture.req.hdr,"
    "capture.req.method,capture.req.uri,capture.req.ver,capture.res.hdr,capture.res.ver,"
    "connslots,cook,cook_cnt,cook_val,cookie,cpu_calls,cpu_ns_avg,cpu_ns_tot,"
    "cur_server_timeout,cur_tunnel_timeout,date,date_us,distcc_body,distcc_param,dst,"
    "dst_conn,dst_is_local,dst_port,env,fc_dst,fc_dst_is_local,fc_dst_port,fc_err,fc_err_str,"
    "fc_fackets,fc_http_major,fc_lost,fc_pp_authority,fc_pp_unique_id,fc_rcvd_proxy,"
    "fc_reordering,fc_retrans,fc_rtt,fc_rttvar,fc_sacked,fc_src,fc_src_is_local,fc_src_port,"
    "fc_unacked,fcgi.docroot,fcgi.index,fe_client_timeout,fe_conn,fe_defbe,fe_id,fe_name,"
    "fe_req_rate,fe_sess_rate,hdr,hdr_cnt,hdr_ip,hdr_val,hostname,http_auth,http_auth_bearer,"
    "http_auth_group,http_auth_pass,http_auth_type,http_auth_user,http_first_req,int,"
    "internal.htx.data,internal.htx.free,internal.htx.free_data,internal.htx.has_eom,"
    "internal.htx.nbblks,internal.htx.size,internal.htx.used,internal.htx_blk.data,"
    "internal.htx_blk.hdrname,internal.htx_blk.hdrval,internal.htx_blk.size,"
    "internal.htx_blk.start_line,internal.htx_blk.type,internal.strm.is_htx,ipv4,ipv6,"
    "last_rule_file,last_rule_line,lat_ns_avg,lat_ns_tot,meth,method,nbproc,nbsrv,path,pathq,"
    "payload,payload_lv,prio_class,prio_offset,proc,query,queue,rand,rdp_cookie,"
    "rdp_cookie_cnt,rep_ssl_hello_type,req.body,req.body_len,req.body_param,req.body_size,"
    "req.cook,req.cook_cnt,req.cook_val,req.fhdr,req.fhdr_cnt,req.hdr,req.hdr_cnt,req.hdr_ip,"
    "req.hdr_names,req.hdr_val,req.hdrs,req.hdrs_bin,req.len,req.payload,req.payload_lv,"
    "req.proto_http,req.rdp_cookie,req.rdp_cookie_cnt,req.ssl_alpn,req.ssl_ec_ext,"
    "req.ssl_hello_type,req.ssl_sni,req.ssl_st_ext,req.ssl_ver,req.ver,req_len,"
    "req_proto_http,req_ssl_hello_type,req_ssl_sni,req_ssl_ver,req_ver,res.body,res.body_len,"
    "res.body_size,res.cache_hit,res.cache_name,res.comp,res.comp_algo,res.cook,res.cook_cnt,"
    "res.cook_val,res.fhdr,res.fhdr_cnt,res.hdr,res.hdr_cnt,res.hdr_ip,res.hdr_names,"
    "res.hdr_val,res.hdrs,res.hdrs_bin,res.len,res.payload,res.payload_lv,res.ssl_hello_type,"
    "res.ver,resp_ver,sc0_bytes_in_rate,sc0_bytes_out_rate,sc0_clr_gpc0,sc0_clr_gpc1,"
    "sc0_conn_cnt,sc0_conn_cur,sc0_conn_rate,sc0_get_gpc0,sc0_get_gpc1,sc0_get_gpt0,"
    "sc0_gpc0_rate,sc0_gpc1_rate,sc0_http_err_cnt,sc0_http_err_rate,sc0_http_fail_cnt,"
    "sc0_http_fail_rate,sc0_http_req_cnt,sc0_http_req_rate,sc0_inc_gpc0,sc0_inc_gpc1,"
    "sc0_kbytes_in,sc0_kbytes_out,sc0_sess_cnt,sc0_sess_rate,sc0_tracked,sc0_trackers,"
    "sc1_bytes_in_rate,sc1_bytes_out_rate,sc1_clr_gpc,sc1_clr_gpc0,sc1_clr_gpc1,sc1_conn_cnt,"
    "sc1_conn_cur,sc1_conn_rate,sc1_get_gpc0,sc1_get_gpc1,sc1_get_gpt0,sc1_gpc0_rate,"
    "sc1_gpc1_rate,sc1_http_err_cnt,sc1_http_err_rate,sc1_http_fail_cnt,sc1_http_fail_rate,"
    "sc1_http_req_cnt,sc1_http_req_rate,sc1_inc_gpc0,sc1_inc_gpc1,sc1_kbytes_in,"
    "sc1_kbytes_out,sc1_sess_cnt,sc1_sess_rate,sc1_tracked,sc1_trackers,sc2_bytes_in_rate,"
    "sc2_bytes_out_rate,sc2_clr_gpc0,sc2_clr_gpc1,sc2_conn_cnt,sc2_conn_cur,sc2_conn_rate,"
    "sc2_get_gpc0,sc2_get_gpc1,sc2_get_gpt0,sc2_gpc0_rate,sc2_gpc1_rate,sc2_http_err_cnt,"
    "sc2_http_err_rate,sc2_http_fail_cnt,sc2_http_fail_rate,sc2_http_req_cnt,"
    "sc2_http_req_rate,sc2_inc_gpc0,sc2_inc_gpc1,sc2_kbytes_in,sc2_kbytes_out,sc2_sess_cnt,"
    "sc2_sess_rate,sc2_tracked,sc2_trackers,sc_bytes_in_rate,sc_bytes_out_rate,sc_clr_gpc,"
    "sc_clr_gpc0,sc_clr_gpc1,sc_conn_cnt,sc_conn_cur,sc_conn_rate,sc_get_gpc,sc_get_gpc0,"
    "sc_get_gpc1,sc_get_gpt,sc_get_gpt0,sc_gpc0_rate,sc_gpc1_rate,sc_gpc_rate,"
    "sc_http_err_cnt,sc_http_err_rate,sc_http_fail_cnt,sc_http_fail_rate,sc_http_req_cnt,"
    "sc_http_req_rate,sc_inc_gpc,sc_inc_gpc0,sc_inc_gpc1,sc_kbytes_in,sc_kbytes_out,"
    "sc_sess_cnt,sc_sess_rate,sc_tracked,sc_trackers,scook,scook_cnt,scook_val,shdr,shdr_cnt,"
    "shdr_ip,shdr_val,so_id,so_name,src,src_bytes_in_rate,src_bytes_out_rate,src_clr_gpc,"
    "src_clr_gpc0,src_clr_gpc1,src_conn_cnt,src_conn_cur,src_conn_rate,src_get_gpc,"
    "src_get_gpc0,src_get_gpc1,src_get_gpt,src_get_gpt0,src_gpc0_rate,src_gpc1_rate,"
    "src_gpc_rate,src_http_err_cnt,src_http_err_rate,src_http_fail_cnt,src_http_fail_rate,"
    "src_http_req_cnt,src_http_req_rate,src_inc_gpc,src_inc_gpc0,src_inc_gpc1,src_is_local,"
    "src_kbytes_in,src_kbytes_out,src_port,src_sess_cnt,src_sess_rate,src_updt_conn_cnt,"
    "srv_conn,srv_conn_free,srv_id,srv_is_up,srv_iweight,srv_name,srv_queue,srv_sess_rate,"
    "srv_uweight,srv_weight,ssl_bc,ssl_bc_alg_keysize,ssl_bc_alpn,ssl_bc_cipher,"
    "ssl_bc_client_random,ssl_bc_err,ssl_bc_err_str,ssl_bc_is_resumed,ssl_bc_npn,"
    "ssl_bc_protocol,ssl_bc_server_random,ssl_bc_session_id,ssl_bc_session_key,"
    "ssl_bc_unique_id,ssl_bc_use_keysize,ssl_c_ca_err,ssl_c_ca_err_depth,ssl_c_chain_der,"
    "ssl_c_der,ssl_c_err,ssl_c_i_dn,ssl_c_key_alg,ssl_c_notafter,ssl_c_notbefore,ssl_c_s_dn,"
    "ssl_c_serial,ssl_c_sha1,ssl_c_sig_alg,ssl_c_used,ssl_c_verify,ssl_c_version,ssl_f_der,"
    "ssl_f_i_dn,ssl_f_key_alg,ssl_f_notafter,ssl_f_notbefore,ssl_f_s_dn,ssl_f_serial,"
    "ssl_f_sha1,ssl_f_sig_alg,ssl_f_version,ssl_fc,ssl_fc_alg_keysize,ssl_fc_alpn,"
    "ssl_fc_cipher,ssl_fc_cipherlist_bin,ssl_fc_cipherlist_hex,ssl_fc_cipherlist_str,"
    "ssl_fc_cipherlist_xxh,ssl_fc_client_early_traffic_secret,"
    "ssl_fc_client_handshake_traffic_secret,ssl_fc_client_random,"
    "ssl_fc_client_traffic_secret_0,ssl_fc_early_exporter_secret,ssl_fc_ecformats_bin,"
    "ssl_fc_eclist_bin,ssl_fc_err,ssl_fc_err_str,ssl_fc_exporter_secret,ssl_fc_extlist_bin,"
    "ssl_fc_has_crt,ssl_fc_has_early,ssl_fc_has_sni,ssl_fc_is_resumed,ssl_fc_npn,"
    "ssl_fc_protocol,ssl_fc_protocol_hello_id,ssl_fc_server_handshake_traffic_secret,"
    "ssl_fc_server_random,ssl_fc_server_traffic_secret_0,ssl_fc_session_id,"
    "ssl_fc_session_key,ssl_fc_sni,ssl_fc_unique_id,ssl_fc_use_keysize,ssl_s_chain_der,"
    "ssl_s_der,ssl_s_i_dn,ssl_s_key_alg,ssl_s_notafter,ssl_s_notbefore,ssl_s_s_dn,"
    "ssl_s_serial,ssl_s_sha1,ssl_s_sig_alg,ssl_s_version,status,stopping,str,table_avl,"
    "table_cnt,thread,unique-id,url,url32,url32+src,url_ip,url_param,url_port,urlp,urlp_val,"
    "uuid,var,wait_end";

static const char ACL_CRITERIA[] =
    "base,base_beg,base_dir,base_dom,base_end,base_len,base_reg,base_sub,cook,cook_beg,"
    "cook_dir,cook_dom,cook_end,cook_len,cook_reg,cook_sub,hdr,hdr_beg,hdr_dir,hdr_dom,"
    "hdr_end,hdr_len,hdr_reg,hdr_sub,http_auth_group,method,path,path_beg,path_dir,path_dom,"
    "path_end,path_len,path_reg,path_sub,payload,payload_lv,req.ssl_ver,req_rdp_cookie,"
    "req_rdp_cookie_cnt,req_ssl_sni,req_ssl_ver,req_ver,resp_ver,scook,scook_beg,scook_dir,"
    "scook_dom,scook_end,scook_len,scook_reg,scook_sub,shdr,shdr_beg,shdr_dir,shdr_dom,"
    "shdr_end,shdr_len,shdr_reg,shdr_sub,ssl_fc_sni_end,ssl_fc_sni_reg,url,url_beg,url_dir,"
    "url_dom,url_end,url_len,url_reg,url_sub,urlp,urlp_beg,urlp_dir,urlp_dom,urlp_end,"
    "urlp_len,urlp_reg,urlp_sub";

static const char CONVERTERS[] =
    "add,add_item,aes_gcm_dec,and,b64dec,base64,be2dec,be2hex,bool,bytes,capture-req,"
    "capture-res,concat,cpl,crc32,crc32c,cut_crlf,debug,digest,div,djb2,even,field,"
    "fix_is_valid,fix_tag_value,hex,hex2i,hmac,host_only,htonl,http_date,iif,in_table,ipmask,"
    "json,json_query,jwt_header_query,jwt_payload_query,jwt_verify,language,length,lower,"
    "ltime,ltrim,map,map_beg,map_beg_int,map_beg_ip,map_dir,map_dir_int,map_dir_ip,map_dom,"
    "map_dom_int,map_dom_ip,map_end,map_end_int,map_end_ip,map_int,map_int_int,map_int_ip,"
    "map_ip,map_ip_int,map_ip_ip,map_reg,map_reg_int,map_reg_ip,map_regm,map_str,map_str_int,"
    "map_str_ip,map_sub,map_sub_int,map_sub_ip,mod,mqtt_field_value,mqtt_is_valid,mul,nbsrv,"
    "neg,not,odd,or,port_only,protobuf,regsub,rtrim,sdbm,secure_memcmp,set-var,sha1,sha2,"
    "srv_queue,strcmp,sub,table_bytes_in_rate,table_bytes_out_rate,table_conn_cnt,"
    "table_conn_cur,table_conn_rate,table_expire,table_gpc,table_gpc0,table_gpc0_rate,"
    "table_gpc1,table_gpc1_rate,table_gpc_rate,table_gpt,table_gpt0,table_http_err_cnt,"
    "table_http_err_rate,table_http_fail_cnt,table_http_fail_rate,table_http_req_cnt,"
    "table_http_req_rate,table_idle,table_kbytes_in,table_kbytes_out,table_server_id,"
    "table_sess_cnt,table_sess_rate,table_trackers,ub64dec,ub64enc,ungrpc,unset-var,upper,"
    "url_dec,url_enc,utime,word,wt6,xor,xxh3,xxh32,xxh64";

static const char FILTERS[] =
    "cache,compression,fcgi-app,opentracing,spoe,trace";

static const char SERVICES[] =
    "prometheus-exporter";

static const char BALANCE_ALGORITHMS[] =
    "first,hdr,leastconn,random,rdp-cookie,roundrobin,source,static-rr,uri,url_param";

static const char HTTP_REQUEST_ACTIONS[] =
    "add-acl,add-header,allow,auth,cache-use,capture,del-acl,del-header,del-map,deny,"
    "disable-l7-retry,do-resolve,early-hint,normalize-uri,ot-group,redirect,reject,"
    "replace-header,replace-path,replace-pathq,replace-uri,replace-value,return,sc-inc-gpc,"
    "sc-inc-gpc0,sc-inc-gpc1,sc-set-gpt,sc-set-gpt0,send-spoe-group,set-dst,set-dst-port,"
    "set-header,set-log-level,set-map,set-mark,set-method,set-nice,set-path,set-pathq,"
    "set-priority-class,set-priority-offset,set-query,set-src,set-src-port,set-timeout,"
    "set-tos,set-uri,set-var,set-var-fmt,silent-drop,strict-mode,tarpit,track-sc0,track-sc1,"
    "track-sc2,unset-var,use-service,wait-for-body,wait-for-handshake";

static const char HTTP_RESPONSE_ACTIONS[] =
    "add-acl,add-header,allow,cache-store,capture,del-acl,del-header,del-map,deny,ot-group,"
    "redirect,replace-header,replace-value,return,sc-inc-gpc,sc-inc-gpc0,sc-inc-gpc1,"
    "sc-set-gpt,sc-set-gpt0,send-spoe-group,set-header,set-log-level,set-map,set-mark,"
    "set-nice,set-status,set-tos,set-var,set-var-fmt,silent-drop,strict-mode,track-sc0,"
    "track-sc1,track-sc2,unset-var,wait-for-body";

static const char HTTP_AFTER_RESPONSE_ACTIONS[] =
    "add-header,allow,capture,del-header,ot-group,replace-header,replace-value,set-header,"
    "set-status,set-var,set-var-fmt,strict-mode,unset-var";

static const char TCP_REQUEST_CONNECTION_ACTIONS[] =
    "accept,expect-netscaler-cip,expect-proxy,reject,sc-inc-gpc,sc-inc-gpc0,sc-inc-gpc1,"
    "sc-set-gpt,sc-set-gpt0,set-dst,set-dst-port,set-mark,set-src,set-src-port,set-tos,"
    "set-var,set-var-fmt,silent-drop,track-sc0,track-sc1,track-sc2,unset-var";

static const char TCP_REQUEST_SESSION_ACTIONS[] =
    "accept,reject,sc-inc-gpc,sc-inc-gpc0,sc-inc-gpc1,sc-set-gpt,sc-set-gpt0,set-dst,"
    "set-dst-port,set-mark,set-src,set-src-port,set-tos,set-var,set-var-fmt,silent-drop,"
    "track-sc0,track-sc1,track-sc2,unset-var";

static const char TCP_REQUEST_CONTENT_ACTIONS[] =
    "accept,capture,do-resolve,ot-group,reject,sc-inc-gpc,sc-inc-gpc0,sc-inc-gpc1,sc-set-gpt,"
    "sc-set-gpt0,send-spoe-group,set-dst,set-dst-port,set-log-level,set-mark,set-nice,"
    "set-priority-class,set-priority-offset,set-src,set-src-port,set-tos,set-var,set-var-fmt,"
    "silent-drop,switch-mode,track-sc0,track-sc1,track-sc2,unset-var,use-service";

static const char TCP_RESPONSE_CONTENT_ACTIONS[] =
    "accept,close,ot-group,reject,sc-inc-gpc,sc-inc-gpc0,sc-inc-gpc1,sc-set-gpt,sc-set-gpt0,"
    "send-spoe-group,set-log-level,set-mark,set-nice,set-tos,set-var,set-var-fmt,silent-drop,"
    "unset-var";

static const char CHECK_CONNECT_OPTIONS[] =
    "addr,alpn,comment,default,linger,port,proto,send-proxy,sni,ssl,via-socks4";

static const char USER_OPTIONS[] =
    "groups,insecure-password,password";

/* clang-format on */

static const struct absent_table {
    const char *what, *names;
} TABLES[] = {
    { "keyword", KEYWORD_NAMES },
    { "section", SECTION_NAMES },
    { "bind option", BIND_OPTIONS },
    { "server option", SERVER_OPTIONS },
    { "crt-list option", CRT_LIST_OPTIONS },
    { "user option", USER_OPTIONS },
    { "check connect option", CHECK_CONNECT_OPTIONS },
    { "fetch", FETCHES },
    { "ACL criterion", ACL_CRITERIA },
    { "converter", CONVERTERS },
    { "filter", FILTERS },
    { "service", SERVICES },
    { "balance algorithm", BALANCE_ALGORITHMS },
    { "http-request action", HTTP_REQUEST_ACTIONS },
    { "http-response action", HTTP_RESPONSE_ACTIONS },
    { "http-after-response action", HTTP_AFTER_RESPONSE_ACTIONS },
    { "tcp-request connection action", TCP_REQUEST_CONNECTION_ACTIONS },
    { "tcp-request session action", TCP_REQUEST_SESSION_ACTIONS },
    { "tcp-request content action", TCP_REQUEST_CONTENT_ACTIONS },
    { "tcp-response content action", TCP_RESPONSE_CONTENT_ACTIONS },
};

/* What takes the place of a thing that Gatehouse does not mean to have. */
static const struct {
    const char *what, *name, *instead;
} INSTEAD[] = {
    { "keyword", "bind-process", "there is one process: leave it out" },
    { "keyword", "clitimeout", "use 'timeout client'" },
    { "keyword", "contimeout", "use 'timeout connect'" },
    { "keyword", "dispatch", "use 'server'" },
    { "keyword", "nbproc", "there is one process, with 'nbthread' threads: leave it out" },
    { "keyword", "grace", "use 'hard-stop-after'" },
    { "keyword", "noepoll", "epoll is always used: leave it out" },
    { "keyword", "noevports", "epoll is always used: leave it out" },
    { "keyword", "nokqueue", "epoll is always used: leave it out" },
    { "keyword", "nopoll", "epoll is always used: leave it out" },
    { "keyword", "srvtimeout", "use 'timeout server'" },
    { "keyword", "stats bind-process", "there is one process: leave it out" },
    { "keyword", "thread-group", "all threads are one group: leave it out" },
    { "keyword", "use-fcgi-app", "put an HTTP server in front of the FastCGI application" },
    { "section", "fcgi-app", "put an HTTP server in front of the FastCGI application" },
    { "section", "program", "start other programs from the service manager" },
    { "user option", "password", "use 'insecure-password'" },
};

static const char *names_of(const char *what)
{
    for (size_t i = 0; i < ARRAY_LEN(TABLES); i++)
        if (strcmp(TABLES[i].what, what) == 0) return TABLES[i].names;
    return NULL;
}

bool absent_find(const char *what, struct slice name, const char **instead)
{
    struct slice rest = slice_str(names_of(what));
    bool found = false;

    *instead = NULL;
    name = slice_cut(&name, '(');
    while (name.n && rest.n && !found) found = slice_eq(slice_cut(&rest, ','), name);
    for (size_t i = 0; found && i < ARRAY_LEN(INSTEAD); i++)
        if (strcmp(INSTEAD[i].what, what) == 0 && slice_is(name, INSTEAD[i].name))
            *instead = INSTEAD[i].instead;
    return found;
}

void absent_dump(FILE *out)
{
    for (size_t i = 0; i < ARRAY_LEN(TABLES); i++) {
        struct slice rest = slice_str(TABLES[i].names);
        while (rest.n) {
            struct slice name = slice_cut(&rest, ',');
            fprintf(out, "%s\t%.*s\n", TABLES[i].what, SLICE_ARG(name));
        }
    }
}
